// `npm run test:setup`: installs what the tests use and `npm ci` does not bring: client libraries, the schemas of
// Kubernetes, and on Debian, as root, programs. None of their daemons is started.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SYSTEM_PARTS, systemPart } from '../test/support/system-parts.ts';

/** Debian asks it whether a service may be started; 101 is no. */
const POLICY = '/usr/sbin/policy-rc.d';
const NO_SERVICES = '#!/bin/sh\n# Of "npm run test:setup", for as long as it installs.\nexit 101\n';

// They have lockfiles of their own, and need neither Debian nor root.
for (const folder of ['clients', 'kubernetes']) installPackages(folder);
const missing = SYSTEM_PARTS.filter((name) => !systemPart(name).present);
if (missing.length > 0) install(missing);
for (const name of SYSTEM_PARTS) console.log(`${name}: ${systemPart(name).path}`);

function installPackages(folder) {
  const cwd = fileURLToPath(new URL(`../test/${folder}`, import.meta.url));
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci failed in ${cwd}.`);
}

function install(packages) {
  if (!existsSync('/etc/debian_version')) {
    stop('It is installed here on Debian (and Ubuntu) only: bring it into PATH by other means.');
  }
  if (process.getuid?.() !== 0) stop('Run "npm run test:setup" as root.');
  // A signal ends apt-get, and then us: not before the policy is gone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  // One that is there is the machine's own, unless we were killed.
  const isOurs = !existsSync(POLICY) || readFileSync(POLICY, 'utf8') === NO_SERVICES;
  if (isOurs) writeFileSync(POLICY, NO_SERVICES, { mode: 0o755 });
  try {
    aptGet('update', '--quiet');
    aptGet('install', '--yes', '--quiet', '--no-install-recommends', ...packages);
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
  const left = packages.filter((name) => !systemPart(name).present);
  if (left.length > 0) stop(`It is installed, and ${left.join(', ')} cannot be found.`);
}

function aptGet(...args) {
  const { status } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed.`);
}

function stop(why) {
  console.error(`The tests miss ${missing.join(', ')}. ${why}`);
  process.exit(1);
}
