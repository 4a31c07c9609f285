/**
 * @template Item
 * @typedef {object} Row
 * @property {Element} element
 * @property {(item: Item) => void} update
 */

/**
 * Children of an element, one for each item of a list that changes every second. A child stays the
 * same for as long as its item is there: with it focus, selection and scrolling.
 * @template Item
 */
export class KeyedList {
  /** @type {Map<string, Row<Item>>} */
  #rows = new Map();
  #parent;
  #keyOf;
  #create;

  /**
   * @param {Element} parent which has no other children
   * @param {(item: Item) => string} keyOf
   * @param {(item: Item) => Row<Item>} create
   */
  constructor(parent, keyOf, create) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#create = create;
  }

  /** @param {readonly Item[]} items in the order in which they are to be shown */
  update(items) {
    const focused = document.activeElement;
    const wanted = new Map(items.map((item) => [this.#keyOf(item), item]));
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    let next = this.#parent.firstElementChild;
    for (const [key, item] of wanted) {
      const row = this.#rows.get(key) ?? this.#add(key, item);
      row.update(item);
      if (row.element === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(row.element, next);
    }
    // What is moved loses it.
    if (focused instanceof HTMLElement && this.#parent.contains(focused)) focused.focus();
  }

  /**
   * @param {string} key
   * @param {Item} item
   */
  #add(key, item) {
    const row = this.#create(item);
    this.#rows.set(key, row);
    return row;
  }
}
