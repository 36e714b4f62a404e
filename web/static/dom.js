/** Building and changing the page. Text only ever arrives as text nodes: nothing here parses HTML. */

/**
 * A new element. Attributes whose value is null or false are left out; children may be nodes, strings or null.
 * @param {string} tag
 * @param {Object<string, string|number|boolean|null|EventListener>} [attributes] `class`, `onclick`, `aria-label`…
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** The element with this id, which the template promises. */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** Sets text only when it differs, so that selections and screen readers are left in peace. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Calls `render` only when `value` differs from the last one shown in this node.
 * @param {HTMLElement} node
 * @param {unknown} value anything that JSON can say
 * @param {() => void} render
 * @returns {boolean} whether it rendered
 */
export function whenChanged(node, value, render) {
  const said = JSON.stringify(value);
  if (shown.get(node) === said) return false;
  shown.set(node, said);
  render();
  return true;
}

const shown = new WeakMap();

/** Puts the children in this order, moving only what is out of place (a moved node loses its focus and scroll). */
export function arrange(parent, children) {
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}

export const prefersStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
