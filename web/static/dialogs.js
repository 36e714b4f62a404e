/** The two things that lie over everything: Slack's "are you sure?" and Slack's modals. */

import { readInputs, renderBlocks } from "./blockkit.js";
import { byId, element, setText } from "./dom.js";

/**
 * Asks before a button acts.
 * @param {Object|undefined} confirm a Block Kit confirmation; nothing to ask when there is none
 * @returns {Promise<boolean>}
 */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const dialog = byId("ask");
  setText(byId("ask-title"), confirm.title?.text ?? "Are you sure?");
  setText(byId("ask-text"), confirm.text.text);
  setText(byId("ask-confirm"), confirm.confirm?.text ?? "Yes");
  setText(byId("ask-deny"), confirm.deny?.text ?? "Cancel");
  byId("ask-confirm").className = confirm.style === "danger" ? "danger" : "primary";
  dialog.returnValue = "deny";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}

/** Shows one modal at a time and hands what was filled in to `submit`, which may answer with Slack's `response_action`. */
export class ViewDialog {
  #message = null;
  #stage = null;
  #submit;

  /** @param {(message: Object, state: Object) => Promise<Object|null>} submit */
  constructor(submit) {
    this.#submit = submit;
    byId("view-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    for (const id of ["view-close", "view-cross"]) byId(id).addEventListener("click", () => byId("view").close());
    byId("view").addEventListener("close", () => byId("view-body").replaceChildren());
  }

  /** @param {import("./api.js").Message} message @param {import("./blockkit.js").Stage} stage */
  open(message, stage) {
    this.#message = message;
    this.#stage = stage;
    this.#draw(message.view);
    if (!byId("view").open) byId("view").showModal();
    byId("view-body").querySelector("select, input, textarea")?.focus();
  }

  #draw(view) {
    setText(byId("view-title"), view.title.text);
    setText(byId("view-close"), view.close?.text ?? "Close");
    setText(byId("view-submit"), view.submit?.text ?? "");
    byId("view-submit").hidden = !view.submit;
    byId("view-error").hidden = true;
    byId("view-body").replaceChildren(renderBlocks(view.blocks, this.#stage));
  }

  async #send() {
    const form = byId("view-form");
    if (!this.#isComplete(form)) return;
    byId("view-submit").disabled = true;
    try {
      this.#follow(await this.#submit(this.#message, readInputs(form)));
    } catch (error) {
      setText(byId("view-error"), error.message);
      byId("view-error").hidden = false;
    } finally {
      byId("view-submit").disabled = false;
    }
  }

  #isComplete(form) {
    const empty = [...form.querySelectorAll("[required]")].filter((field) => !field.value.trim());
    this.#showErrors(Object.fromEntries(empty.map((field) => [field.name, "Please complete this required field."])));
    return empty.length === 0;
  }

  #follow(answer) {
    if (answer?.response_action === "errors") this.#showErrors(answer.errors);
    else if (answer?.response_action === "update") this.#draw(answer.view);
    else byId("view").close();
  }

  /** Errors stand under their fields, and the first takes the focus. */
  #showErrors(errors) {
    for (const old of byId("view-body").querySelectorAll(".bk-error")) old.remove();
    const fields = [...byId("view-body").querySelectorAll("[name]")];
    for (const field of fields) {
      field.setAttribute("aria-invalid", String(field.name in errors));
      if (field.name in errors) byId(`${field.id}-note`).append(element("span", { class: "bk-error" }, errors[field.name]));
    }
    fields.find((field) => field.name in errors)?.focus();
  }
}
