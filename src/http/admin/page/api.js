import { keyHeaders } from './key.js';

/** What Sluice refused, in its own words. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  get isAboutKey() {
    return this.status === 401 || this.status === 403;
  }
}

/**
 * @param {string} path below `/admin`
 * @param {RequestInit} [init]
 * @returns {Promise<Response>} which is fine
 */
export async function ask(path, init = {}) {
  const response = await fetch(`/admin${path}`, {
    ...init,
    headers: keyHeaders(),
    cache: 'no-store',
  });
  if (response.ok) return response;
  throw new Refusal(response.status, await messageOf(response));
}

/**
 * @param {string} path
 * @param {'GET' | 'POST' | 'DELETE'} [method]
 * @returns {Promise<any>}
 */
export async function askJson(path, method = 'GET') {
  const response = await ask(path, { method });
  return response.json();
}

/** @param {unknown} error */
export function wordsOf(error) {
  if (error instanceof Refusal) return error.message;
  // What browsers say of a connection differs, and helps nobody.
  return error instanceof TypeError ? 'Sluice cannot be reached.' : String(error);
}

/** @param {Response} response */
async function messageOf(response) {
  const { status } = response;
  try {
    const { error } = await response.json();
    return typeof error.message === 'string' ? error.message : `Sluice answers ${status}.`;
  } catch {
    // A proxy between us.
    return `The answer is ${status}, and not from Sluice.`;
  }
}
