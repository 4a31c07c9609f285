import type { RequestHandler } from 'express';
import helmet from 'helmet';

interface PageSources {
  readonly styleSrc: readonly string[];
  readonly imgSrc: readonly string[];
}

/** Swagger UI sets styles in its page, and has pictures as `data:`. */
export const SWAGGER_UI: PageSources = {
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
};

/** A page that needs nothing but its own files. */
export const OWN_FILES: PageSources = { styleSrc: ["'self'"], imgSrc: ["'none'"] };

/**
 * For answers that are pages: they run their own files and no script in the page. Sluice speaks
 * plain http: what would make browsers ask for https belongs to the proxy that ends TLS.
 */
export function protectPage({ styleSrc, imgSrc }: PageSources): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc,
        imgSrc,
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
