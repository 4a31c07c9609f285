/** What `POST /chat/tickets` answers. */
export class Ticket {
  /** For `GET /chat?ticket=…`, once. @example "q2Yd0yXW3o8Xz2m7m1uS0v1yXb4l5h0d2dLwYw2m3kE" */
  ticket: string;
  /** How long it can be used, in milliseconds. @example 60000 */
  expiresInMs: number;
}
