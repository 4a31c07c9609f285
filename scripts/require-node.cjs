// Runs before every npm script, on whatever Node the machine has: hence CommonJS and old syntax.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Sluice needs Node.js 24 or newer and this is ${process.version}: run "npm ci" (it installs the pinned Node.js 26), then start it with "npm start".`,
  );
  process.exit(1);
}
