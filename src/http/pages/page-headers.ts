import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * For answers that are pages, so far Swagger UI: it runs its own files and no script in the page,
 * but sets styles there and has pictures as `data:`. Sluice speaks plain http: what would make
 * browsers ask for https belongs to the proxy that ends TLS.
 */
export function protectPage(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}
