// The image's HEALTHCHECK: asks /livez where HOST and PORT say. The image sets both, so the configuration, which may be
// unsound just now while the process serves on with the one before, is not read.
import { get } from 'node:http';

const { HOST, PORT } = process.env;
const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[HOST] ?? HOST;

// No agent: a proxy for upstreams (NODE_USE_ENV_PROXY) is not the way to ourselves.
get({ host, port: PORT || 3000, path: '/livez', agent: false, timeout: 4000 }, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1);
})
  .on('timeout', () => stop('no answer within 4 s'))
  .on('error', ({ message }) => stop(message));

function stop(why) {
  console.error(`/livez: ${why}`);
  process.exit(1);
}
