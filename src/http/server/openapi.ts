import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { SLUICE_VERSION } from '../../telemetry/version.js';
import { CHAT_COMPLETION_SCHEMAS } from '../dialects/chat-completions/schemas.js';
import { CHAT_SCHEMAS } from '../dialects/event-source/schemas.js';
import { MESSAGES_SCHEMAS } from '../dialects/messages/schemas.js';
import { RESPONSES_SCHEMAS } from '../dialects/responses/schemas.js';
import { ERROR_SCHEMAS } from '../dialects/openai-shared/schemas.js';
import { type NamedSchemas, schemasIn } from '../json-schema.js';

const SCHEMAS: NamedSchemas = {
  ...ERROR_SCHEMAS,
  ...CHAT_SCHEMAS,
  ...CHAT_COMPLETION_SCHEMAS,
  ...MESSAGES_SCHEMAS,
  ...RESPONSES_SCHEMAS,
};

/** Serves the OpenAPI document at `/openapi.json` and Swagger UI at `/docs`. */
export function serveOpenApi(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => openApiOf(app), { jsonDocumentUrl: 'openapi.json' });
}

function openApiOf(app: NestExpressApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, heading(), {
    autoTagControllers: false,
    operationIdFactory: operationIdOf,
  });
  const { components = {} } = document;
  // Nest's type knows less of JSON Schema than OpenAPI 3.1 does.
  const ours = schemasIn([document.paths, components], SCHEMAS) as typeof components.schemas;
  return {
    ...document,
    components: { ...components, schemas: { ...components.schemas, ...ours } },
  };
}

function heading(): Omit<OpenAPIObject, 'paths'> {
  const document = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Sluice')
    .setDescription('One streaming API in front of many LLM backends.')
    .setVersion(SLUICE_VERSION)
    .addServer('/', 'The Sluice that serves this document')
    .addBearerAuth({ type: 'http', description: 'A key or a token.' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A key.' }, 'apiKey')
    // Any: which of them holds is the configuration's to say. None where access.mode is open.
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('apiKey')
    .addSecurityRequirements({})
    .addTag('chat', 'Our EventSource protocol, for browsers')
    .addTag('openai', 'The OpenAI API')
    .addTag('anthropic', "Anthropic's API")
    .addTag('admin', 'For operators')
    .addTag('operations', 'Probes and metrics')
    .build();
  const license = { name: 'MIT', identifier: 'MIT' };
  return { ...document, info: { ...document.info, license } };
}

/** `chatAsk`, `modelsList`: the names of functions in generated clients. */
function operationIdOf(controller: string, method: string): string {
  const subject = controller.replace(/Controller$/, '');
  return (
    subject.charAt(0).toLowerCase() +
    subject.slice(1) +
    method.charAt(0).toUpperCase() +
    method.slice(1)
  );
}
