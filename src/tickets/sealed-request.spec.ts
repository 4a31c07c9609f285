import { describe, expect, it } from 'vitest';
import { idOf, isTicket, newTicket, seal, unseal } from './sealed-request.js';

const request = {
  headers: { authorization: 'Bearer sk-sluice-secret', 'x-beta': 'ü' },
  body: Buffer.from('{"messages":[{"role":"user","content":"Hello, wörld"}]}'),
};

describe('A sealed request', () => {
  it('is opened by its ticket', () => {
    const ticket = newTicket();
    expect(isTicket(ticket)).toBe(true);
    expect(unseal(ticket, seal(ticket, request))).toEqual(request);
  });

  it('shows nothing to whoever has no ticket, and opens to no other', () => {
    const ticket = newTicket();
    const sealed = seal(ticket, request);
    expect(sealed.toString('latin1')).not.toMatch(/secret|Hello|authorization/);
    expect(() => unseal(newTicket(), sealed)).toThrow('unable to authenticate');
    expect(idOf(ticket)).not.toContain(ticket);
    expect(idOf(ticket)).not.toBe(idOf(newTicket()));
  });

  it('does not open when a byte of it is another', () => {
    const ticket = newTicket();
    const sealed = seal(ticket, request);
    sealed[10]! ^= 1;
    expect(() => unseal(ticket, sealed)).toThrow('unable to authenticate');
  });
});
