/* The way in. Nothing is imported before the runtime was checked: undici 8 dies at import on Node.js 20. */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Sluice needs Node.js 24 or newer and this is ${process.version}: run "npm ci", then "npm start", which brings its own.`,
  );
  process.exit(1);
}

const { start } = await import('./start.js');
const { writeText } = await import('./telemetry/standard-streams.js');
try {
  // The argument is the configuration that holds when SLUICE_CONFIG is not set.
  writeText('stdout', `${await start(process.argv[2])}\n`);
} catch (error) {
  console.error(error instanceof Error && error.name === 'StartError' ? error.message : error);
  process.exit(1);
}
