/** Kept until the tab is closed; never in a URL, and in nothing that lasts. */
const NAME = 'sluice-admin-key';

/** @returns {Readonly<Record<string, string>>} the header that says who asks */
export function keyHeaders() {
  const key = sessionStorage.getItem(NAME);
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

export function hasKey() {
  return sessionStorage.getItem(NAME) !== null;
}

/** @param {string} key */
export function keepKey(key) {
  sessionStorage.setItem(NAME, key);
}

export function forgetKey() {
  sessionStorage.removeItem(NAME);
}
