import { byId, setText } from './dom.js';
import { keepKey } from './key.js';

/**
 * @param {string} question
 * @param {string} consequence
 * @param {string} action what the button says
 * @returns {Promise<boolean>}
 */
export async function confirmed(question, consequence, action) {
  const dialog = dialogOf('confirm');
  setText(byId('confirm-question'), question);
  setText(byId('confirm-consequence'), consequence);
  setText(byId('confirm-action'), action);
  return (await answerOf(dialog)) === 'yes';
}

/** @param {string} why @returns {Promise<boolean>} whether there is one now */
export async function askForKey(why) {
  const dialog = dialogOf('ask-key');
  const field = /** @type {HTMLInputElement} */ (byId('key'));
  setText(byId('key-why'), why);
  field.value = '';
  const answer = await answerOf(dialog);
  const key = field.value.trim();
  field.value = '';
  if (answer !== 'yes' || key === '') return false;
  keepKey(key);
  return true;
}

/** @param {HTMLDialogElement} dialog @returns {Promise<string>} empty for Escape */
function answerOf(dialog) {
  dialog.returnValue = '';
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue), { once: true });
  });
}

/** @param {string} id */
export function dialogOf(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}

/** Says what came of what somebody did. @param {string} text */
export function notice(text) {
  const line = byId('notice');
  // What is behind a dialog nobody sees or hears.
  [...document.querySelectorAll('dialog[open]'), document.body].at(0)?.append(line);
  line.hidden = text === '';
  setText(byId('notice-text'), text);
}
byId('notice-close').addEventListener('click', () => notice(''));
