import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SluiceProcess } from '../support/sluice-process.js';

interface OpenApi {
  readonly components: { readonly schemas: Record<string, unknown> };
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
}

const PROBES = new Set(['/livez', '/readyz']);

/** From the built service: the swagger plugin works at compile time, and not under vitest. */
describe('The OpenAPI document', () => {
  let sluice: SluiceProcess;
  let url: string;
  let document: OpenApi;

  beforeAll(async () => {
    sluice = SluiceProcess.spawn({ PORT: '0' }, ['config/sandbox.yaml']);
    url = await sluice.listening();
    document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
  });
  afterAll(() => sluice.kill());

  it('is the one that was reviewed', async () => {
    const { info: _, ...rest } = document as OpenApi & { info: unknown };
    await expect(JSON.stringify(rest, null, 2)).toMatchFileSnapshot('../fixtures/openapi.json');
  });

  it('has every route answer other methods with 405 and Allow', async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const response = await fetch(url + path.replace(/\{\w+\}/, 'gpt-4o'), { method: 'PATCH' });
      const allow = response.headers.get('allow')?.split(', ') ?? [];
      expect([path, response.status]).toEqual([path, 405]);
      expect(allow).toEqual(
        expect.arrayContaining(Object.keys(operations).map((method) => method.toUpperCase())),
      );
    }
  });

  it('describes the event streams and the error body of every route that has them', () => {
    for (const path of ['/chat', '/chat/{model}', '/v1/chat/completions']) {
      for (const { responses } of Object.values(document.paths[path]!)) {
        expect(responses['200']).toMatchObject({
          content: { 'text/event-stream': { schema: { $ref: expect.any(String) as string } } },
        });
        expect(JSON.stringify(responses['400'])).toContain('#/components/schemas/ErrorBody');
      }
    }
  });

  it('says of every route but the probes what the errors of a caller are', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const { responses } of Object.values(operations)) {
        const expected = PROBES.has(path) ? ['431'] : ['401', '403'];
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(expected));
      }
    }
  });

  it('refers to no schema that is not there, and has none that nothing refers to', () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
    expect([...new Set(named)].toSorted()).toEqual(
      Object.keys(document.components.schemas).toSorted(),
    );
  });

  it('says 204 only of what an EventSource repeats', () => {
    const with204 = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, { responses }]) => '204' in responses)
        .map(([method]) => `${method} ${path}`),
    );
    expect(with204).toEqual(['get /chat', 'get /chat/{model}']);
  });

  it('is shown by Swagger UI', async () => {
    expect(await (await fetch(`${url}/docs`)).text()).toContain('Swagger UI');
  });
});
