/* The way in. Nothing is imported before the runtime was checked: undici 8 dies at import on Node.js 20. */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Sluice needs Node.js 24 or newer and this is ${process.version}: run "npm ci", then "npm start", which brings its own.`,
  );
  process.exit(1);
}

const { writeText } = await import('./telemetry/log/standard-streams.js');
const [command, ...args] = process.argv.slice(2);
try {
  const text = await run();
  if (text !== undefined) writeText('stdout', `${text}\n`);
} catch (error) {
  const isExplained = error instanceof Error && /^(Start|Usage|Check)Error$/.test(error.name);
  console.error(isExplained ? error.message : error);
  process.exit(1);
}

async function run(): Promise<string | undefined> {
  if (command === '--key') return (await import('./new-key.js')).newKey(args);
  if (command === '--check') return (await import('./check-config.js')).checkConfig(args[0]);
  // The argument is the configuration that holds when SLUICE_CONFIG is not set.
  return (await import('./start.js')).start(command);
}
