// SPDX-License-Identifier: Apache-2.0
// The program itself for stories: a copy of the demonstration mine on free ports, its simulated plant
// with its broker (where Mosquitto is installed), the people of the story, and the plant's control
// port. Everything it started ends with it.
//   KT_BIN  the program (default build/kuangtu)   KT_SIM  the plant (default build/kuangtu-sim)
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const BIN = process.env.KT_BIN ?? join(ROOT, 'build/kuangtu');
const SIM = process.env.KT_SIM ?? join(ROOT, 'build/kuangtu-sim');
const BROKER = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find((x) => existsSync(x));
const PORTS = 64; // of one plant, from its base
const CLAIM = 99; // a port that says whose these are
const READY_MS = 60_000;
const END_MS = 20_000;
export const PASSWORD = 'Gaoshan-Liushui-2026';

export const hasBroker = () => BROKER !== undefined;

/** Why the program cannot be tried here, or an empty text. */
export function missing() {
  const need = [BIN, SIM, join(ROOT, 'web/dist/index.html'), '/usr/bin/chromium'];
  const no = need.filter((path) => !existsSync(path));
  return no.length > 0 ? `not there: ${no.join(', ')}` : '';
}

/** Listens on a port; null when somebody else does. */
const listenOn = (port) =>
  new Promise((resolve) => {
    const s = createServer();
    s.once('error', () => resolve(null));
    s.listen(port, '127.0.0.1', () => resolve(s.unref()));
  });

async function taken(port) {
  const s = await listenOn(port);
  return s === null || new Promise((resolve) => s.close(() => resolve(false)));
}

/** A base whose ports are all free, and the server that keeps others from them while it listens. */
async function freeBase() {
  for (let tries = 0; tries < 200; tries++) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 110);
    const claim = await listenOn(base + CLAIM);
    if (!claim) continue;
    const all = await Promise.all(Array.from({ length: PORTS }, (_, i) => taken(base + i)));
    if (!all.some(Boolean)) return { base, claim };
    claim.close();
  }
  throw new Error('no free ports');
}

class Child {
  constructor(path, args) {
    this.name = path.split('/').pop();
    this.lines = [];
    this.waiting = [];
    // No camera of the demonstration site is there: what reads them need not try.
    const env = { KT_CAMERA: '/bin/true', ...process.env };
    this.process = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.over = new Promise((resolve) => this.process.once('exit', resolve));
    for (const stream of [this.process.stdout, this.process.stderr])
      createInterface({ input: stream }).on('line', (line) => this.hear(line));
  }

  hear(line) {
    this.lines.push(line);
    for (const w of this.waiting.filter((x) => x.what.test(line))) w.resolve(w.what.exec(line));
    this.waiting = this.waiting.filter((x) => !x.what.test(line));
  }

  /** The first line that fits, also one already said. */
  says(what) {
    for (const line of this.lines) if (what.test(line)) return Promise.resolve(what.exec(line));
    return new Promise((resolve, reject) => {
      const tell = (why) =>
        reject(
          new Error(`${this.name} ${why} before ${what}:\n${this.lines.slice(-20).join('\n')}`),
        );
      const timer = setTimeout(() => tell('was silent'), READY_MS);
      timer.unref();
      this.over.then(() => tell('ended'));
      this.waiting.push({
        what,
        resolve: (m) => {
          clearTimeout(timer);
          resolve(m);
        },
      });
    });
  }

  async end() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), END_MS);
    await this.over;
    clearTimeout(timer);
  }
}

/** One line to the plant's control port, one answer. */
function control(port, line) {
  return new Promise((resolve, reject) => {
    const c = createConnection(port, '127.0.0.1', () => c.write(`${line}\n`));
    let text = '';
    c.setTimeout(READY_MS, () => c.destroy(new Error(`the plant does not answer "${line}"`)));
    c.on('error', reject);
    c.on('data', (d) => {
      text += d;
      if (!text.includes('\n')) return;
      c.end();
      const answer = text.trim();
      if (answer.startsWith('ok')) resolve(answer);
      else reject(new Error(`the plant: ${line}: ${answer}`));
    });
  });
}

async function post(url, path, body, cookie) {
  const res = await fetch(`${url}api/v1/${path}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Kuangtu': '1',
      ...(cookie ? { cookie } : {}),
    },
    body: JSON.stringify(body),
  });
  if (!res.ok) throw new Error(`POST ${path}: ${res.status} ${await res.text()}`);
  return res.headers.get('set-cookie')?.split(';')[0] ?? cookie;
}

/** From the password that was printed to one of one's own. */
async function ownPassword(url, user, printed) {
  const cookie = await post(url, 'login', { user, password: printed });
  await post(url, 'password', { old: printed, new: PASSWORD }, cookie);
}

/** The name that the site's certificate is made for; the browser is told where it is. */
export const HOST = 'kuangtu.test';

/** An authority and a certificate as an administrator makes them, and a second listener with it. */
function withCertificate(site, address) {
  run(BIN, ['cert', site, '--name', HOST, '--ip', '127.0.0.1']);
  const file = join(site, 'site.yaml');
  const https = `https: {address: "${address}", cert: secrets/server.pem, key: secrets/server.key}`;
  const text = readFileSync(file, 'utf8').replace(/^listen: \{/m, `listen: {${https}, `);
  if (!text.includes(https)) throw new Error('site.yaml has no line "listen: {…}"');
  writeFileSync(file, text);
}

const run = (path, args) =>
  execFileSync(path, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** The passwords that were printed, by user. */
function addPeople(site, people) {
  const printed = new Map();
  for (const [user, { name, roles }] of Object.entries(people)) {
    const text = run(BIN, ['user', 'add', site, user, '--name', name, '--roles', roles]);
    printed.set(user, /password\W+([\w-]{12,})/i.exec(text)?.[1]);
  }
  return printed;
}

function makeSite(dir, base, people, change, https) {
  const template = join(dir, 'template');
  const site = join(dir, 'site');
  mkdirSync(template);
  run(join(ROOT, 'scripts/make-demo-site'), ['--out', template, '--base-port', String(base)]);
  change?.(template);
  run(BIN, ['init', site, '--from', template]);
  if (https) withCertificate(site, https);
  mkdirSync(join(site, 'secrets'), { recursive: true, mode: 0o700 });
  const token = join(site, 'secrets/envgw.token');
  writeFileSync(token, 'only-for-this-story-0123456789', { mode: 0o600 });
  chmodSync(token, 0o600);
  const community = join(site, 'secrets/network.community');
  writeFileSync(community, 'only-for-this-story', { mode: 0o600 });
  return { site, template, token, community, printed: addPeople(site, people) };
}

const answers = (port) =>
  new Promise((resolve) => {
    const c = createConnection(port, '127.0.0.1', () => resolve(c.destroy() && true));
    c.once('error', () => resolve(false));
  });

/** Listening ports answer; nothing else tells that the broker is ready. */
async function listening(port) {
  const end = Date.now() + READY_MS;
  while (!(await answers(port))) {
    if (Date.now() > end) throw new Error(`nothing listens on port ${port}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/**
 * Starts the plant and the program; answers when both are ready and every person has a password.
 * @param people { user: { name, roles: 'a,b' } }
 * @param change called with the folder of the site before it is made, to write into it
 * @param persons how many walk in the plant with tags (needs the broker)
 * @param before called with the made site before the program starts (old history)
 * @param tls also listen for HTTPS, with a certificate of the site's own authority: `https`, `ca`
 */
export async function start(people, change, { before, tls = false, persons = 0 } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'kt-real-'));
  const children = [];
  let claim;
  const stop = async () => {
    for (const c of [...children].reverse()) await c.end();
    claim?.close();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const free = await freeBase();
    const base = free.base;
    claim = free.claim;
    const secure = tls ? `127.0.0.1:${base + PORTS - 2}` : '';
    const { site, template, token, community, printed } = makeSite(
      dir,
      base,
      people,
      change,
      secure,
    );
    before?.(site);
    const listen = `127.0.0.1:${base + PORTS - 1}`;
    const url = `http://${listen}/`;
    const spawned = (path, ...args) => {
      const c = new Child(path, args);
      children.push(c);
      return c;
    };
    if (BROKER) {
      spawned(BROKER, '-c', join(template, 'mosquitto.conf'));
      await listening(base + 3);
    }
    const plant = spawned(
      SIM,
      join(template, 'sim.plan'),
      '--base-port',
      String(base),
      '--scenario',
      'calm',
      ...(BROKER ? [] : ['--no-mqtt']),
      ...(persons ? ['--people', join(template, 'people.plan'), '--persons', String(persons)] : []),
      '--drop',
      join(site, 'drop/in'),
      '--push',
      `${url}write`,
      '--push-token',
      token,
      '--community',
      community,
    );
    await plant.says(/ready/);
    const program = spawned(BIN, 'serve', site, '--listen', listen);
    await program.says(/ is at http/);
    for (const [user, password] of printed) await ownPassword(url, user, password);
    return {
      url,
      https: tls ? `https://${HOST}:${base + PORTS - 2}/` : '',
      ca: join(site, 'secrets/ca.pem'),
      site,
      program,
      plant: (line) => control(base + 1, line),
      stop,
    };
  } catch (e) {
    await stop();
    throw e;
  }
}

/** The county's site with its public data; as start(), without a plant. */
export async function startCounty(people) {
  const dir = mkdtempSync(join(tmpdir(), 'kt-county-'));
  const site = join(dir, 'site');
  let program;
  const stop = async () => {
    await program?.end();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    run(BIN, ['init', site, '--from', join(ROOT, 'sites/county')]);
    const printed = addPeople(site, people);
    program = new Child(BIN, ['serve', site, '--listen', '127.0.0.1:0']);
    const url = `${(await program.says(/ is at (http:\S+)/))[1]}/`;
    run(join(ROOT, 'scripts/seed-county'), [site]);
    for (const [user, password] of printed) await ownPassword(url, user, password);
    return { url, site, stop };
  } catch (e) {
    await stop();
    throw e;
  }
}

/** Where `make region` would put its parts: a base whose ports are free, as far as it uses them. */
async function freeRegion() {
  for (let tries = 0; tries < 200; tries++) {
    const base = 33_000 + 300 * Math.floor(Math.random() * 90);
    const used = [0, 1, 2, 3, 4, 100, 101, 102, 103, 200, 210, 211];
    const all = await Promise.all(used.map((n) => taken(base + n)));
    if (!all.some(Boolean)) return base;
  }
  throw new Error('no free ports');
}

/** `make region` with the county on two nodes: their addresses, the mines', and what ends a node. */
export async function startRegion(people) {
  const dir = mkdtempSync(join(tmpdir(), 'kt-region-'));
  const base = await freeRegion();
  const home = join(dir, 'region');
  Object.assign(process.env, {
    KT_REGION: home,
    KT_REGION_PORT: String(base),
    KT_REGION_NODES: '2',
  });
  const all = new Child(join(ROOT, 'scripts/run-region'), []);
  const stop = async () => {
    await all.end();
    rmSync(dir, { recursive: true, force: true });
  };
  const at = (n) => `http://127.0.0.1:${base + n}/`;
  try {
    const node2 = Number((await all.says(/^county-2: (\d+):/))[1]);
    for (const n of [0, 1, 2, 3, 4])
      await all.says(new RegExp(` is at http://127.0.0.1:${base + n}$`));
    for (const [site, url] of [
      ['county', at(0)],
      ['mine-a', at(1)],
      ['mine-b', at(2)],
    ])
      for (const [user, password] of addPeople(join(home, site), people[site] ?? {}))
        await ownPassword(url, user, password);
    const token = (mine) => readFileSync(join(home, mine, 'secrets/sim.token'), 'utf8');
    return {
      url: at(0),
      mine: (n) => at(n),
      home,
      token,
      kill2: () => process.kill(node2, 'SIGKILL'),
      stop,
    };
  } catch (e) {
    await stop();
    throw e;
  }
}
