import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SLUICE_VERSION } from '../telemetry/version.js';

/** Serves the OpenAPI document at `/openapi.json` and Swagger UI at `/docs`. */
export function serveOpenApi(app: NestExpressApplication): void {
  const info = new DocumentBuilder()
    .setTitle('Sluice')
    .setDescription('One streaming API in front of many LLM backends.')
    .setVersion(SLUICE_VERSION)
    .addTag('chat', 'Our EventSource protocol, for browsers')
    .addTag('openai', 'The OpenAI API')
    .addTag('operations', 'Probes and metrics')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, info), {
    jsonDocumentUrl: 'openapi.json',
  });
}
