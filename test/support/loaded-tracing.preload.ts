/*
 * Loaded into a Sluice process with `--import`: says when a module of OpenTelemetry is loaded. Its
 * API does not count: prom-client loads that, whether there are traces or not.
 */
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    if (/\/@opentelemetry\/(?!api\/)/.test(url)) process.stderr.write(`loaded ${url}\n`);
    return nextLoad(url, context);
  },
});
