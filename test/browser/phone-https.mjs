// SPDX-License-Identifier: Apache-2.0
// A phone over real HTTPS, on the program itself: the plain address tells the way to trust, the
// browser trusts the site's own authority and nothing is waved through, and a report with photo,
// place and hash that is written without a signal arrives exactly once; a patrol's walk, too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST, missing, PASSWORD, start } from './real.mjs';

const CERTUTIL = '/usr/bin/certutil';
const why = missing() || (existsSync(CERTUTIL) ? '' : `not there: ${CERTUTIL} (libnss3-tools)`);
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const mine = await start(
  {
    li: { name: '李巡查', roles: 'dispatcher' },
    hu: { name: '胡调度', roles: 'dispatcher' },
  },
  undefined,
  { tls: true },
);
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
const plain = mine.url.replace('127.0.0.1', HOST);
Object.assign(process.env, { KT_URL: mine.https, KT_USER: 'li', KT_PASSWORD: PASSWORD });
const { equal, ok, story, until } = await import('./lib.mjs');
const PHOTO = readFileSync(new URL('../corpus/fuzz_image/exif.jpg', import.meta.url));
const WHERE = { latitude: 39.3105, longitude: 113.8702, accuracy: 6 };

/** A home whose user has installed the site's authority, as the steps on the page say. */
function trusting(ca) {
  const home = mkdtempSync(join(tmpdir(), 'kt-home-'));
  const db = `sql:${join(home, '.pki/nssdb')}`;
  mkdirSync(join(home, '.pki/nssdb'), { recursive: true });
  execFileSync(CERTUTIL, ['-d', db, '-N', '--empty-password']);
  execFileSync(CERTUTIL, ['-d', db, '-A', '-t', 'C,,', '-n', 'site', '-i', ca]);
  return home;
}

/** The names under which a page keeps its photos: their hashes. */
const keptPhotos = (page) =>
  page.evaluate(
    () =>
      new Promise((done, fail) => {
        const r = indexedDB.open('kt-phone');
        r.onerror = () => fail(r.error);
        r.onsuccess = () => {
          const all = r.result.transaction('photos').objectStore('photos').getAllKeys();
          all.onsuccess = () => done(all.result);
        };
      }),
  );

/** The code that a connection ends with: empty when it is trusted. */
const connect = (ca) =>
  new Promise((done) => {
    const { port } = new URL(mine.https);
    const r = request(
      {
        host: '127.0.0.1',
        port,
        path: '/phone',
        servername: HOST,
        headers: { host: `${HOST}:${port}` },
        ca,
      },
      (res) => {
        res.resume();
        done('');
      },
    );
    r.on('error', (e) => done(e.code ?? e.message));
    r.end();
  });

async function phone(s, step) {
  const context = s.page.context();
  let { page } = s;
  let kept = [];
  const main = { innerText: () => page.locator('main').innerText() };
  const open = async (address) => {
    const p = await context.newPage();
    p.setDefaultTimeout(60_000);
    p.on('pageerror', (e) => s.errors.push(`page error: ${e.message}`));
    s.page = p;
    await p.goto(address);
    return p;
  };

  await step('who does not trust the authority gets no page; who does, gets it', async () => {
    ok(/CERT|ISSUER|VERIFY|SELF_SIGNED/.test(await connect(undefined)), 'refused by a stranger');
    equal(await connect(readFileSync(mine.ca)), '', 'with the authority');
  });

  await step(
    'the plain address says what is missing, where to go and gives the authority',
    async () => {
      await page.goto(`${plain}phone`);
      await page.getByText('此连接不能使用手机版').waitFor();
      equal(await page.evaluate(() => isSecureContext), false, 'secure');
      await until(
        async () => (await page.getByLabel('手机用的地址').inputValue()) === `${mine.https}phone`,
        'the address for phones',
      );
      await page.getByRole('img', { name: `二维码：${mine.https}phone` }).waitFor();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: '下载证书' }).click(),
      ]);
      equal(
        readFileSync(await file.path(), 'utf8'),
        readFileSync(mine.ca, 'utf8'),
        'the authority',
      );
      equal(await page.locator('.ph-lack .ph-good').count(), 0, 'nothing works here');
      await s.axe('the plain address');
      await s.shot('h-plain');
    },
  );

  await step('the steps for each system; at the safe address everything works', async () => {
    await page.goto(`${mine.https}phone#/trust`);
    for (const [name, text] of [
      ['安卓', '仍然安装'],
      ['苹果', '证书信任设置'],
      ['鸿蒙', '证书与凭据'],
    ]) {
      await page.getByRole('button', { name }).click();
      await page.getByText(text).first().waitFor();
    }
    await until(
      async () => (await page.locator('.ph-lack .ph-good').count()) === 5,
      'five of five',
    );
    const der = Buffer.from(
      readFileSync(mine.ca, 'utf8').replace(/-----[^-]+-----|\s/g, ''),
      'base64',
    );
    const hex = createHash('sha256').update(der).digest('hex').toUpperCase();
    equal(await page.locator('.ph-print').innerText(), hex.match(/../g).join(':'), 'fingerprint');
    await s.axe('the way to trust');
    await s.shot('h-trust');
    await page.evaluate(() => localStorage.setItem('kt.lang', '"en"'));
    await page.reload();
    await page.getByRole('button', { name: 'HarmonyOS' }).click();
    await page.getByText('Install from storage').waitFor();
    await page.evaluate(() => localStorage.setItem('kt.lang', '"zh"'));
  });

  await step('logged in over TLS: secure context, worker, store, location', async () => {
    await context.grantPermissions(['geolocation'], { origin: new URL(mine.https).origin });
    await context.setGeolocation(WHERE);
    await page.goto(`${mine.https}phone`);
    await page.reload();
    await page.locator('input[name=user]').fill('li');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await until(async () => /更新于/.test(await main.innerText()), 'fetched');
    equal(await page.evaluate(() => isSecureContext), true, 'secure');
    await page.waitForFunction(() =>
      navigator.serviceWorker.getRegistration().then((r) => !!r?.active),
    );
    const cookie = (await context.cookies()).find((c) => c.name.startsWith('kt_session'));
    ok(cookie.secure && cookie.httpOnly, 'the cookie goes over TLS alone');
  });

  await step('the network is cut: the page opens, a report with a photo is kept', async () => {
    await context.setOffline(true);
    const before = page;
    page = await open(`${mine.https}phone#/report`);
    await before.close();
    await page.getByRole('link', { name: /隐患台账/ }).click();
    await page.getByLabel(/^名称/).fill('井口护栏松动');
    await page
      .getByLabel('拍照')
      .setInputFiles({ name: 'IMG.jpg', mimeType: 'image/jpeg', buffer: PHOTO });
    await page.locator('canvas.ph-thumb').waitFor();
    await page.getByText('±6 m').waitFor();
    await s.axe('the report');
    await page.getByRole('button', { name: /^保存/ }).click();
    await page.getByRole('heading', { name: '待传 2' }).waitFor();
    kept = await keptPhotos(page);
    equal(kept.length, 1, 'a photo is kept under its hash');
    await s.shot('h-outbox');
  });

  await step(
    'restored: answers that are lost are asked for again, and it is done once',
    async () => {
      const before = page;
      page = await context.newPage();
      await before.close();
      s.page = page;
      page.setDefaultTimeout(60_000);
      await page.addInitScript(() => {
        const real = window.fetch;
        const seen = new Set();
        window.lost = 0;
        window.fetch = async (...a) => {
          const r = await real(...a);
          const key = /\/requests$/.test(String(a[0]?.url ?? a[0])) && JSON.parse(a[1].body).key;
          if (!key || seen.has(key)) return r;
          seen.add(key); // done there; its first answer never arrives
          window.lost += 1;
          throw new TypeError('Failed to fetch');
        };
      });
      await page.goto(`${mine.https}phone#/outbox`);
      await page.getByRole('heading', { name: '待传 2' }).waitFor();
      await context.setOffline(false);
      for (let i = 0; i < 3; i++) {
        await page.evaluate(() => dispatchEvent(new Event('online')));
        await page.waitForFunction(
          (n) => window.lost >= n || /待传 0/.test(document.querySelector('h1')?.textContent ?? ''),
          Math.min(i + 1, 2),
        );
      }
      await page.getByRole('heading', { name: '待传 0' }).waitFor({ timeout: 60_000 });
      equal(await page.evaluate(() => window.lost), 2, 'answers lost');
      const seen = await page.evaluate(async () => {
        const get = async (x) => (await fetch(`api/v1/${x}`)).json();
        const all = (await get('records/hazard?limit=50')).items.filter(
          (x) => x.fields.title === '井口护栏松动',
        );
        const rec = await get(`records/hazard/${all[0].id}`);
        const a = rec.attachments[0];
        const bytes = await (
          await fetch(`api/v1/attachments/${a.hash}?record=${rec.id}`)
        ).arrayBuffer();
        const d = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        return {
          n: all.length,
          photos: rec.attachments.length,
          meta: a.meta,
          type: a.type,
          sha: [...d].map((b) => b.toString(16).padStart(2, '0')).join(''),
        };
      });
      equal(seen.n, 1, 'one report');
      equal(seen.photos, 1, 'one photo');
      equal(seen.type, 'image/jpeg', 'type');
      ok(seen.meta.x > 0 && seen.meta.y > 0, `place ${JSON.stringify(seen.meta)}`);
      ok(Math.abs(Date.now() - seen.meta.taken) < 600_000, 'time');
      equal(seen.sha, kept[0], 'the bytes are those that were hashed on the phone');
      equal((await keptPhotos(page)).length, 0, 'what is sent is no longer on the phone');
    },
  );

  await step('a patrol without a signal: its walk arrives with its check-ins, for who may look', async () => {
    const before = page;
    page = await open(`${mine.https}phone#/patrol`);
    await before.close(); // not the last page: the session would end with it
    await page.getByRole('button', { name: '开始巡查' }).click();
    await page.getByText(/定位 ±6 m/).waitFor();
    await context.setOffline(true);
    await context.setGeolocation({ ...WHERE, latitude: WHERE.latitude + 0.002 });
    await until(async () => /轨迹 [2-9] 点/.test(await main.innerText()), 'it moved');
    await page.getByRole('combobox', { name: /^打卡地点/ }).fill('1203');
    await page.locator('.picker-list [role=option]').first().click();
    await page.getByLabel('说明').fill('一号风门');
    await page.getByRole('button', { name: '打卡', exact: true }).click();
    await page.getByText('一号风门').waitFor();
    await page.getByRole('button', { name: '结束巡查' }).click();
    await page.getByRole('heading', { name: /巡查记录/ }).waitFor();
    await page.getByRole('button', { name: /^保存/ }).click();
    await page.getByRole('heading', { name: '待传 2' }).waitFor();
    await context.setOffline(false);
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.getByRole('heading', { name: '待传 0' }).waitFor({ timeout: 60_000 });
    const walks = await page.evaluate(async () => (await fetch('api/v1/records/round/tracks')).json());
    equal(walks.features.length, 1, 'one walk');
    const [w] = walks.features;
    ok(w.properties.user === 'li' && w.geometry.coordinates.length >= 2, 'whose and where');
    ok(w.properties.checks[0].place && w.properties.checks[0].note === '一号风门', 'its check-in');
    await context.clearCookies();
    await page.evaluate(
      (args) => fetch('api/v1/login', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Kuangtu': '1' }, body: JSON.stringify(args) }),
      { user: 'hu', password: PASSWORD },
    );
    const others = await page.evaluate(async () => (await fetch('api/v1/records/round/tracks')).json());
    equal(`${others.features.length} shown, ${others.hidden} hidden`, '0 shown, 1 hidden', 'for another');
  });
}

const home = trusting(mine.ca);
try {
  await story('phone: https', phone, {
    width: 390,
    height: 844,
    home,
    flags: [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
  });
} finally {
  await mine.stop();
  rmSync(home, { recursive: true, force: true });
}
