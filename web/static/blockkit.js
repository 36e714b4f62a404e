/** Block Kit as Slack draws it: the blocks that this product sends, see https://docs.slack.dev/reference/block-kit */

import { element } from "./dom.js";
import { link, renderMrkdwn } from "./mrkdwn.js";

/**
 * @typedef {import("./mrkdwn.js").Reader & {press: (button: Object, pressed: HTMLElement) => void,
 *   suggest?: (action: string, typed: string) => Promise<Object>}} Stage
 *   who looks, what a press of a button does, and for a modal what a search in one of its inputs finds
 */

/**
 * @param {Object[]} blocks
 * @param {Stage} stage
 * @returns {DocumentFragment}
 */
export function renderBlocks(blocks, stage) {
  const fragment = document.createDocumentFragment();
  for (const block of blocks) fragment.append((BLOCKS[block.type] ?? unknown)(block, stage));
  return fragment;
}

/** A text object: mrkdwn is read as markup, plain_text never is. */
export function renderText(text, stage) {
  return text.type === "mrkdwn" ? renderMrkdwn(text.text, stage) : document.createTextNode(text.text);
}

const BLOCKS = {
  header: (block) => element("h3", { class: "bk-header" }, block.text.text),
  divider: () => element("hr", { class: "bk-divider" }),
  section,
  context: (block, stage) =>
    element("div", { class: "bk-context" }, ...block.elements.map((text) => element("p", {}, renderText(text, stage)))),
  actions: (block, stage) => element("div", { class: "bk-actions" }, ...block.elements.map((one) => button(one, stage))),
  input,
};

function section(block, stage) {
  const node = element("div", { class: "bk-section" });
  if (block.text) node.append(element("p", { class: `bk-text bk-${block.text.type}` }, renderText(block.text, stage)));
  if (block.fields) {
    const fields = block.fields.map((field) => element("p", {}, renderText(field, stage)));
    node.append(element("div", { class: "bk-fields" }, ...fields));
  }
  if (block.accessory?.type === "button") node.append(button(block.accessory, stage));
  return node;
}

function button(one, stage) {
  if (one.type !== "button") return unknown(one);
  if (one.url) {
    const anchor = link(one.url, one.text.text);
    if (anchor instanceof HTMLElement) anchor.className = "bk-button";
    return anchor;
  }
  const action = `${one.action_id} ${one.value ?? ""}`;
  const attributes = { type: "button", class: `bk-button ${one.style ?? ""}`, "data-action": action };
  const node = element("button", attributes, one.text.text);
  if (one.accessibility_label) node.setAttribute("aria-label", one.accessibility_label);
  node.addEventListener("click", () => stage.press(one, node));
  return node;
}

const unknown = (block) => element("p", { class: "bk-unknown" }, `[${block.type}: not drawn here]`);

/* ---- inputs of a modal ------------------------------------------------------------------------------------------- */

function input(block, stage) {
  const id = `input-${block.block_id}`;
  const field = FIELDS[block.element.type]?.(block.element, stage);
  if (!field) return unknown(block.element);
  field.id = id;
  field.name = block.block_id;
  field.required = !block.optional;
  field.dataset.action = block.element.action_id;
  field.setAttribute("aria-describedby", `${id}-note`);
  const label = element("label", { for: id }, block.label.text);
  if (block.optional) label.append(element("span", { class: "bk-optional" }, " (optional)"));
  const note = element("p", { class: "bk-note", id: `${id}-note` }, block.hint?.text ?? "");
  const search = block.element.type === "external_select" ? [searchFor(block.element, field, stage)] : [];
  return element("div", { class: "bk-input" }, label, ...search, field, note);
}

const FIELDS = {
  plain_text_input: textField,
  static_select: (one) =>
    select(one, one.options.map((option) => [option.value, option.text.text]), one.initial_option?.value),
  external_select: (one) => select(one, []),
  users_select: (one, stage) => {
    const people = stage.people.filter((person) => person.slack);
    return select(one, people.map((person) => [person.slack, person.name]), one.initial_user);
  },
};

function textField(one) {
  const shared = { placeholder: one.placeholder?.text ?? null, maxlength: one.max_length ?? null };
  const field = one.multiline ? element("textarea", { ...shared, rows: 4 }) : element("input", { ...shared, type: "text" });
  field.value = one.initial_value ?? "";
  return field;
}

function select(one, options, chosen) {
  const field = element("select", {}, ...options.map(([value, label]) => element("option", { value }, label)));
  if (chosen === undefined) field.prepend(element("option", { value: "" }, one.placeholder?.text ?? "Choose one"));
  field.value = chosen ?? "";
  return field;
}

/** A search whose findings are the options of a menu; only what was typed last counts. */
function searchFor(one, field, stage) {
  const box = element("input", { type: "search", placeholder: one.placeholder?.text ?? "", "aria-label": "Search" });
  const find = async () => {
    const typed = box.value;
    const found = await stage.suggest(one.action_id, typed).catch(() => null);
    if (typed !== box.value) return;
    const groups = (found?.option_groups ?? []).map((group) =>
      element("optgroup", { label: group.label.text }, ...group.options.map(choice)));
    field.replaceChildren(element("option", { value: "" }, "Choose one"), ...groups, ...(found?.options ?? []).map(choice));
  };
  box.addEventListener("input", find);
  find();
  return box;
}

const choice = (option) => element("option", { value: option.value }, option.text.text);

/** What the inputs of a form hold now, as `{block_id: {action_id: value}}`. */
export function readInputs(form) {
  const fields = form.querySelectorAll("[name][data-action]");
  return Object.fromEntries([...fields].map((field) => [field.name, { [field.dataset.action]: field.value }]));
}
