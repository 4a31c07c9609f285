import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SLUICE_VERSION } from '../../telemetry/version.js';

/** Serves the OpenAPI document at `/openapi.json` and Swagger UI at `/docs`. */
export function serveOpenApi(app: NestExpressApplication): void {
  const info = new DocumentBuilder()
    .setTitle('Sluice')
    .setDescription('One streaming API in front of many LLM backends.')
    .setVersion(SLUICE_VERSION)
    .addBearerAuth(
      { type: 'http', description: 'A key or a token; none where access.mode is open.' },
      'key',
    )
    // Either: which of them holds is the configuration's to say.
    .addSecurityRequirements('key')
    .addSecurityRequirements({})
    .addTag('chat', 'Our EventSource protocol, for browsers')
    .addTag('openai', 'The OpenAI API')
    .addTag('anthropic', "Anthropic's API")
    .addTag('operations', 'Probes and metrics')
    .build();
  const document = () =>
    SwaggerModule.createDocument(app, info, {
      autoTagControllers: false,
      operationIdFactory: operationIdOf,
    });
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
  });
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
