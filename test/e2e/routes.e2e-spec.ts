import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Router } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApplication } from '../../src/application.js';
import { parseConfig } from '../../src/config/load/load-config.js';
import { findRoute, ROUTES } from '../../src/http/routes.js';
import { LogLines } from '../support/log-lines.js';

/** What Swagger UI has besides its page: its files, and the document in a form that nobody is promised. */
const SWAGGER_EXTRAS = /^\/docs\/|^\/docs-yaml$/;

/** What answers wherever there is nothing. */
const UNKNOWN = ['/', '/*path'];

describe('The list of routes', () => {
  let app: NestExpressApplication;
  let registered: readonly string[];
  beforeAll(async () => {
    const backends = [{ id: 'openai', kind: 'openai', baseUrl: 'http://upstream.test' }];
    const models = [{ id: 'gpt', targets: ['openai/gpt'] }];
    app = await createApplication(parseConfig({ backends, models }), new LogLines());
    await app.init();
    registered = registeredIn(app);
  });
  afterAll(() => app.close());

  it('has every route that Nest has registered, with its methods', () => {
    const listed = ROUTES.flatMap(({ path, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${path}`),
    );
    expect(registered).toEqual(listed.toSorted());
  });

  it('finds each route by its path, in any case and with a slash at its end', () => {
    for (const route of ROUTES) {
      const path = route.path.replace(/\*\w+/, 'a/b').replace(/:\w+/, 'a');
      for (const form of [path, path.toUpperCase(), `${path}/`]) {
        expect([form, findRoute(form)]).toEqual([form, route]);
      }
    }
  });

  it.each(['/', '/v1', '/chatter', '/openapi-json', '/v1/chat', '/api/chat'])(
    'has nothing at %s',
    (path) => expect(findRoute(path)).toBeUndefined(),
  );
});

function registeredIn(app: NestExpressApplication): string[] {
  const { router } = app.getHttpAdapter().getInstance() as { router: Router };
  return router.stack
    .flatMap(({ route }) => route ?? [])
    .filter(({ path }) => !SWAGGER_EXTRAS.test(path) && !UNKNOWN.includes(path))
    .flatMap(({ path, stack }) => stack.map(({ method }) => `${method.toUpperCase()} ${path}`))
    .toSorted();
}
