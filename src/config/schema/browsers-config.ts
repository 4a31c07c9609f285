import { Origins } from '../rules/caller-rules.js';

/** Pages in browsers that are not Sluice's own. */
export class BrowsersConfig {
  /** Origins of the pages that may call, such as `https://app.example.com`; nobody else's page may. */
  @Origins()
  readonly origins: readonly string[] = [];
}
