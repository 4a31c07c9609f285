import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { failsWith } from '../support/upstream-scripts.js';

interface ErrorBody {
  readonly error: { readonly message: string; readonly code: string };
}

/** Ollama runs on people's own machines, so its faults say which command helps. */
describe('One sentence with the command that fixes it', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  async function errorOf(model: string): Promise<ErrorBody['error']> {
    const response = await gateway.complete({ model });
    return ((await response.json()) as ErrorBody).error;
  }

  it('is given for a model that was not pulled', async () => {
    gateway.ollama.script(
      failsWith(404, { error: 'model "llama3" not found, try pulling it first' }),
    );
    expect(await errorOf('llama3')).toMatchObject({
      message:
        'Ollama (backend "ollama") does not have the model "llama3": run "ollama pull llama3".',
      code: 'upstream_model_missing',
    });
  });

  it('is given for an Ollama that does not run', async () => {
    await gateway.ollama.close();
    gateway.ollama.close = () => Promise.resolve();
    expect(await errorOf('llama3')).toMatchObject({
      message:
        'Ollama (backend "ollama") cannot be reached: start it with "ollama serve", or correct its baseUrl.',
      code: 'upstream_unavailable',
    });
  });
});
