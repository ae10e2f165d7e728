// The launcher as an agent of Azure Pipelines starts it: `node --test tests/launcher.agent.test.js`.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ASSET, Machine, SCRIPT, VERSION, proxy, server, serving, sha256 } = require('./launcher/machine.js');

const GITHUB = path.join(__dirname, 'fixtures/launcher/github.pem');
const KEPT = '##vso[task.settaskvariable variable=sealwright_binary]';

class Agent extends Machine {
  get host() {
    return {
      TF_BUILD: 'True',
      AGENT_TOOLSDIRECTORY: this.path('tools'),
      AGENT_TEMPDIRECTORY: this.path('temp'),
      ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION: 'OAuth',
      INPUT_COMMAND: 'sign',
    };
  }

  // The end of the job, with the task variables of the step's log.
  end(log = '') {
    const kept = log.split('\n').find((line) => line.startsWith(KEPT));
    const variables = kept ? { VSTS_TASKVARIABLE_SEALWRIGHT_BINARY: kept.slice(KEPT.length) } : {};
    return this.run(variables, 'post.js');
  }
}

// The result an agent takes from a log, and the errors it shows.
function result({ status, log }) {
  assert.equal(status, 0, `a status that is not 0 is the agent's own failure: ${log}`);
  const codes = { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']' };
  const undone = (text) => text.replace(/%(3B|0D|0A|5D)/g, (code) => codes[code]).replace(/%AZP25/g, '%');
  const data = (command) => [...log.matchAll(command)].map(([, text]) => undone(text));
  const [failed] = data(/##vso\[task\.complete result=(\w+)\]/g);
  return { failed: failed === 'Failed', errors: data(/##vso\[task\.logissue type=error\](.*)/g) };
}

test('inputs and connections reach the binary as the agent gave them', async () => {
  const machine = new Agent();
  fs.writeFileSync(machine.path('dist/sealwright'), '#!/bin/sh\nenv\n', { mode: 0o755 });
  const { log } = await machine.run({ INPUT_TRUSTPOLICY: 'policy.json', SECRET_X: 'y' });
  for (const line of [
    'INPUT_COMMAND=sign',
    'INPUT_TRUSTPOLICY=policy.json',
    'ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION=OAuth',
    'SECRET_X=y',
  ]) {
    assert.ok(log.split('\n').includes(line), log);
  }
});

test('a permission lost in a package is restored', async () => {
  for (const name of ['sealwright', ASSET]) {
    const machine = new Agent({ built: false });
    fs.writeFileSync(machine.path(`dist/${name}`), SCRIPT, { mode: 0o644 });
    const done = await machine.run();
    assert.equal(result(done).failed, false, done.log);
    assert.match(done.log, /^arguments: run$/m);
    assert.equal(fs.statSync(machine.path(`dist/${name}`)).mode & 0o777, 0o755);
  }
});

test("this machine's binary goes before one that is any machine's", async () => {
  const machine = new Agent();
  fs.writeFileSync(machine.path(`dist/${ASSET}`), '#!/bin/sh\necho mine\n', { mode: 0o755 });
  assert.match((await machine.run()).log, /^mine$/m);
});

test('a status, a signal and a binary that is none fail the task and not the agent', async () => {
  for (const [variables, message] of [
    [{ STATUS: '3' }, /^sealwright: sealwright ended with status 3$/],
    [{ BEHAVIOUR: 'killed' }, /^sealwright: sealwright was ended by SIGKILL$/],
  ]) {
    const { failed, errors } = result(await new Agent().run(variables));
    assert.equal(failed, true);
    assert.match(errors[0], message);
  }
  const machine = new Agent();
  fs.writeFileSync(machine.path('dist/sealwright'), '#!/no/such/program\n', { mode: 0o755 });
  const { failed, errors } = result(await machine.run());
  assert.equal(failed, true);
  assert.match(errors[0], /^sealwright: cannot start .*dist\/sealwright: /);
});

test('a job that is cancelled reaches the binary', async () => {
  const child = new Agent().spawn({ BEHAVIOUR: 'signal' });
  while (!child.log.includes('waiting')) await once(child.stdout, 'data');
  child.kill('SIGTERM');
  await once(child, 'close');
  assert.match(child.log, /got SIGTERM/);
});

test('the end of the job runs the binary of the step, and nothing where there was none', async () => {
  const machine = new Agent();
  const done = await machine.run();
  assert.match((await machine.end(done.log)).log, /^arguments: run --post\n/);
  // a step that was skipped kept nothing
  assert.deepEqual(await machine.end(), { status: 0, signal: null, log: '' });
  // neither did one that found no binary
  const without = new Agent({ built: false });
  const failed = await without.run();
  assert.match(result(failed).errors[0], /no binary for .*; build it with: dist\/build$/);
  assert.deepEqual(await without.end(failed.log), { status: 0, signal: null, log: '' });
});

test('the release comes from GitHub through the proxy, once for all jobs', async () => {
  const github = await server(serving(SCRIPT), GITHUB);
  const between = await proxy(github.url);
  const machine = new Agent({ built: false, checksum: sha256(SCRIPT) });
  for (const variables of [{ HTTPS_PROXY: `http://${between.host}` }, {}]) {
    const done = await machine.run({ ...variables, NODE_EXTRA_CA_CERTS: GITHUB });
    assert.equal(result(done).failed, false, done.log);
    assert.ok(done.log.includes(`${KEPT}${machine.cached}\n`), done.log);
  }
  assert.deepEqual(between.asked, [{ url: 'github.com:443', authorization: undefined }]);
  const asset = `/sealwright/sealwright/releases/download/v${VERSION}/${ASSET}`;
  assert.deepEqual(github.asked, [asset]);
});

test("the agent's own proxy serves where the environment names none", async () => {
  const github = await server(serving('another'), GITHUB);
  const between = await proxy(github.url);
  const machine = new Agent({ built: false, checksum: sha256(SCRIPT) });
  const variables = { AGENT_PROXYURL: `http://${between.host}`, NODE_EXTRA_CA_CERTS: GITHUB };
  const { failed, errors } = result(await machine.run(variables));
  assert.equal(failed, true);
  assert.match(errors[0], /SHA-256 is [0-9a-f]{64}, dist\/checksums.json says/);
  assert.ok(!fs.existsSync(machine.cached));
});

test('a failure is one command, whatever is in it', async () => {
  const machine = new Agent({ built: false, checksum: sha256(SCRIPT) });
  const between = 'http://localhost:1';
  fs.writeFileSync(
    machine.path('dist/checksums.json'),
    JSON.stringify({ version: '../]##vso[task.complete]%0A\n;', files: { [ASSET]: 'x' } }),
  );
  const done = await machine.run({ HTTPS_PROXY: between });
  assert.equal(done.log.match(/##vso\[/g).length, 2, done.log);
  assert.equal(done.log.trimEnd().split('\n').length, 2, done.log);
  assert.equal(result(done).failed, true);
});
