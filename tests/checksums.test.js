// The recording of a release's checksums: `node --test tests/checksums.test.js`.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

// SHA-256 of "abc" (FIPS 180-4, example).
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

// Runs a copy of the script beside a manifest, and tells what it wrote.
function record(t, ...args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checksums-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.mkdirSync(path.join(folder, 'dist'));
  const script = path.join(folder, 'dist/checksums');
  fs.copyFileSync(path.join(__dirname, '../dist/checksums'), script);
  fs.writeFileSync(path.join(folder, 'Cargo.toml'), '[package]\nname = "sealwright"\nversion = "1.2.3"\n');
  fs.writeFileSync(path.join(folder, 'abc'), 'abc');
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
  const file = path.join(folder, 'dist/checksums.json');
  return { status, stdout, written: fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')) };
}

test('each file is recorded under its name, with the version, and told as sha256sum tells it', (t) => {
  const { status, stdout, written } = record(t, 'sealwright-win32-x64.exe=abc', 'sealwright-linux-arm64=abc');
  assert.equal(status, 0);
  assert.equal(stdout, `${ABC}  sealwright-linux-arm64\n${ABC}  sealwright-win32-x64.exe\n`);
  const files = { 'sealwright-linux-arm64': ABC, 'sealwright-win32-x64.exe': ABC };
  assert.deepEqual(written, { version: '1.2.3', files });
});

test('what no launcher would ask for, and what is not there, is refused', (t) => {
  for (const argument of ['sealwright-linux-x65=abc', 'sealwright-linux-x64', 'sealwright-linux-x64=gone']) {
    const { status, written } = record(t, argument);
    assert.notEqual(status, 0, argument);
    assert.equal(written, false, argument);
  }
});
