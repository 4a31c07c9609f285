/** OpenAI's error body, as most others have it. */
export const openAi = (message: string, fields: object = {}) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null, ...fields },
});
/** Google's, which its OpenAI endpoint wraps in an array. */
export const google = (code: number, status: string, message: string, ...details: object[]) => [
  { error: { code, message, status, ...(details.length > 0 && { details }) } },
];
