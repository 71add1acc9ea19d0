// SPDX-License-Identifier: Apache-2.0
// An inspector with the phone: tasks kept for the shaft, photos and moves without a signal, a page
// that is killed between the server's answer and its own note of it, a conflict, a patrol.
import { becomes, equal, ok, PATIENCE, real, skip, story, until } from './lib.mjs';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP8z8DAwMDAxAADCAYAEAIBAZl2e2cAAAAASUVORK5CYII=',
  'base64',
);
const photo = { name: 'IMG_1.png', mimeType: 'image/png', buffer: PNG };

await story(
  'phone: inspector',
  async (s, step) => {
    if (real) return step('the inspector', () => skip('changes records of the made-up mine'));
    const context = s.page.context();
    let page = s.page;
    const open = async (hash = '') => {
      page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      page.on('pageerror', (e) => s.errors.push(`page error: ${e.message}`));
      s.page = page;
      await page.goto(`${s.url}phone${hash}`);
    };
    const cut = (on) => context.setOffline(on);
    const waiting = async () => Number(/(\d+)/.exec((await page.locator('.ph-tabs .ph-count').allInnerTexts())[0] ?? '0')[1]);
    const sent = () => until(async () => (await page.locator('.ph-tabs .ph-count').count()) === 0, 'all sent');
    const tasks = page.locator('.ph-task');
    const rec = (id) => page.evaluate(async (x) => (await fetch(`api/v1/records/${x}`)).json(), id);
    /** Whether a text stands in what the phone keeps of single things. */
    const kept = (text) =>
      page.evaluate(async (t) => {
        const [{ name }] = await indexedDB.databases();
        const db = await new Promise((resolve, reject) => {
          const r = indexedDB.open(name);
          r.onsuccess = () => resolve(r.result);
          r.onerror = () => reject(r.error);
        });
        const all = await new Promise((resolve, reject) => {
          const r = db.transaction('kv').objectStore('kv').getAll();
          r.onsuccess = () => resolve(r.result);
          r.onerror = () => reject(r.error);
        });
        db.close();
        return JSON.stringify(all).includes(t);
      }, text);
    const touch = async (p) => {
      const cdp = await context.newCDPSession(p);
      await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: true });
      await cdp.send('Emulation.setDeviceMetricsOverride', { width: 390, height: 844, deviceScaleFactor: 2, mobile: true });
    };
    await context.newPage(); // the browser stays when the page is closed, and with it the session
    let about = '';

    await step('on a plain address it says what is missing and where the certificate is', async () => {
      await page.addInitScript(() => {
        if (location.search === '?plain') Object.defineProperty(window, 'isSecureContext', { value: false });
      });
      await page.goto(`${s.url}phone?plain`);
      await page.getByText('此连接不能使用手机版').waitFor();
      await page.getByRole('link', { name: '下载证书' }).waitFor();
      await s.axe('the plain address');
      await s.shot('p-plain');
    });

    await step('logged in once, the tasks are on the phone', async () => {
      await touch(page);
      await page.goto(`${s.url}phone`);
      await page.locator('input[name=user]').fill('li');
      await page.locator('input[name=password]').fill('demo');
      await page.getByRole('button', { name: '登录' }).click();
      await tasks.first().waitFor();
      await until(async () => /更新于/.test(await page.locator('main').innerText()), 'fetched');
      await page.waitForFunction(() => navigator.serviceWorker.getRegistration().then((r) => !!r?.active));
      await s.axe('the tasks');
      await s.shot('p-tasks');
    });

    await step('without a signal it opens, with tasks and map', async () => {
      await cut(true);
      await page.close();
      await open();
      await touch(page);
      await page.locator('.ph-task').first().waitFor();
      await page.getByText('无信号').waitFor();
      await page.getByRole('link', { name: '图', exact: true }).click();
      await page.locator('.ph-road').first().waitFor({ state: 'attached' });
      await until(async () => (await page.locator('.ph-dot').count()) > 0, 'my cases');
      await s.axe('the map');
      await s.shot('p-map');
    });

    await step('a move with a photo is kept, with its hash, before there is a signal', async () => {
      await page.getByRole('link', { name: '任务' }).click();
      await page.locator('.ph-task').first().click();
      about = /case\/(.*)$/.exec(page.url())[1];
      await page.getByRole('button', { name: '报完成' }).waitFor();
      await s.axe('the case');
      await s.shot('p-case');
      await page.getByRole('button', { name: '报完成' }).click();
      await page.getByRole('button', { name: '报完成' }).click();
      await page.getByText('“照片”还差 1 张。').waitFor();
      await page.getByLabel(/拍照：照片/).setInputFiles(photo);
      await page.locator('canvas.ph-thumb').waitFor();
      await page.getByLabel(/说明/).fill('已更换支护');
      await s.axe('the move');
      await s.shot('p-move');
    });

    await step('what is typed survives the page being closed', async () => {
      await until(() => kept('已更换支护'), 'it is on the phone');
      await page.close();
      await open(`#/case/${about}`);
      await touch(page);
      await page.getByRole('button', { name: '报完成' }).click();
      await until(async () => (await page.getByLabel(/说明/).inputValue()) === '已更换支护', 'the note');
      await becomes(() => page.locator('canvas.ph-thumb').count(), 1, 'photos');
      await page.getByRole('button', { name: '报完成' }).click();
      await page.getByText(/待传：报完成/).waitFor();
      await becomes(waiting, 2, 'photo and move wait');
    });

    await step('killed between the server’s answer and its own note, it happens once', async () => {
      let seen = [];
      await page.route('**/api/v1/requests', async (route) => {
        seen.push(JSON.parse(route.request().postData()).key);
        await route.fetch();
        await page.close(); // the answer never arrives
      });
      await cut(false);
      await page.evaluate(() => dispatchEvent(new Event('online'))).catch(() => undefined);
      await until(() => page.isClosed(), 'killed');
      const first = seen[0];
      seen = [];
      await open('#/outbox');
      page.on('request', (r) => {
        if (r.url().endsWith('/requests')) seen.push(JSON.parse(r.postData()).key);
      });
      await touch(page);
      // the heading alone may say 0 before the page has read what it keeps
      const moved = async () => (await rec(about)).moves.some((m) => m.transition === 'report');
      await until(moved, 'the move is at the server');
      await page.getByRole('heading', { name: '待传 0' }).waitFor();
      ok(first !== undefined, 'a key was seen');
      const r = await rec(about);
      equal(r.attachments.length, 1, 'one photo');
      equal(r.moves.filter((m) => m.transition === 'report').length, 1, 'one move');
      equal(r.state, 'check', 'state');
      const hash = r.attachments[0].hash;
      ok(/^[0-9a-f]{64}$/.test(hash), 'its hash');
      ok(r.attachments[0].meta.taken > 0, 'time');
      await sent();
    });

    await step('a crash in the middle of a longer queue loses nothing and doubles nothing', async () => {
      await cut(true);
      await page.getByRole('link', { name: '上报', exact: true }).click();
      for (const name of ['积水', '片帮', '漏风']) {
        await page.getByRole('link', { name: '隐患台账' }).click();
        await page.getByLabel(/^名称/).fill(name);
        await page.getByRole('combobox', { name: '地点' }).fill('1203');
        await page.locator('.picker-list [role=option]').first().click();
        await page.getByLabel('拍照').setInputFiles(photo);
        await page.locator('canvas.ph-thumb').waitFor();
        await page.getByRole('button', { name: /^保存/ }).click();
        await page.getByRole('heading', { name: /待传/ }).waitFor();
        await page.getByRole('link', { name: '上报', exact: true }).click();
      }
      await page.getByRole('link', { name: /^↑?\s*待传/ }).click();
      await becomes(waiting, 6, 'three reports, three photos');
      await s.axe('the outbox');
      await s.shot('p-outbox');
      let n = 0;
      await page.route('**/api/v1/requests', async (route) => {
        n += 1;
        if (n === 4) {
          await route.fetch();
          await page.close();
        } else await route.continue().catch(() => undefined); // the page is gone, and with it the request
      });
      await cut(false);
      await page.evaluate(() => dispatchEvent(new Event('online'))).catch(() => undefined);
      await until(() => page.isClosed(), 'killed');
      await open('#/outbox');
      await touch(page);
      await page.getByRole('heading', { name: '待传 0' }).waitFor();
      const made = await page.evaluate(async () => (await fetch('api/v1/records/hazard?limit=10')).json());
      const mine = made.items.filter((x) => ['积水', '片帮', '漏风'].includes(x.fields.title));
      equal(mine.length, 3, 'reports');
      for (const x of mine) equal((await rec(`hazard/${x.id}`)).attachments.length, 1, 'its photo');
    });

    await step('a conflict is shown and settled by the person', async () => {
      await page.getByRole('link', { name: '任务' }).click();
      await page.locator('.ph-task').first().click();
      about = /case\/(.*)$/.exec(page.url())[1];
      await cut(true);
      await page.getByRole('button', { name: '修改内容' }).click();
      await page.getByLabel(/^整改措施/).fill('加强通风');
      await page.getByRole('button', { name: '保存', exact: true }).click();
      await page.getByText(/待传：修改/).waitFor();
      const id = Number(about.split('/')[1]);
      const login = await fetch(`${s.url}api/v1/login`, { method: 'POST', body: JSON.stringify({ user: 'wang', password: 'demo' }) });
      await fetch(`${s.url}api/v1/requests`, {
        method: 'POST',
        headers: { cookie: login.headers.get('set-cookie').split(';')[0], 'X-Kuangtu': '1' },
        body: JSON.stringify({ verb: 'record.set', args: { record: id, fields: { measure: '停产整顿' } } }),
      });
      await cut(false);
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await page.getByRole('link', { name: /1 项待处理/ }).click();
      await page.getByRole('button', { name: '对照处理…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('停产整顿').waitFor();
      await s.axe('the conflict');
      await s.shot('p-conflict');
      await dialog.getByRole('radio', { name: /您填写的/ }).check();
      await dialog.getByRole('button', { name: '按所选保存' }).click();
      await page.getByRole('heading', { name: '待传 0' }).waitFor();
      equal((await rec(about)).fields.measure, '加强通风', 'mine, knowingly');
    });

    await step('a patrol: positions, check-ins, and a record at its end', async () => {
      await context.grantPermissions(['geolocation']);
      await context.setGeolocation({ latitude: 39.31, longitude: 113.87, accuracy: 6 });
      await page.getByRole('link', { name: '巡查', exact: true }).click();
      await page.getByRole('button', { name: '开始巡查' }).click();
      await page.getByText(/定位 ±6 m/).waitFor();
      await page.getByLabel('说明').fill('一号风门');
      await page.getByRole('button', { name: '打卡', exact: true }).click();
      await page.getByText('一号风门').waitFor();
      await context.setGeolocation({ latitude: 39.312, longitude: 113.871, accuracy: 6 });
      await until(async () => /轨迹 [3-9] 点/.test(await page.locator('main').innerText()), 'it moved');
      await page.getByRole('combobox', { name: /^打卡地点/ }).fill('1203');
      await page.locator('.picker-list [role=option]').first().click();
      await page.getByRole('button', { name: '打卡', exact: true }).click();
      await page.locator('.ph-course li', { hasText: '1203' }).waitFor();
      await cut(true);
      await s.axe('the patrol');
      await s.shot('p-patrol');
      await page.close();
      await open('#/patrol');
      await touch(page);
      await page.getByRole('button', { name: '结束巡查' }).waitFor();
      await page.getByRole('button', { name: '结束巡查' }).click();
      await page.getByRole('heading', { name: '巡查记录' }).waitFor();
      ok(/一号风门/.test(await page.getByLabel(/^打卡/).inputValue()), 'check-ins');
      await s.shot('p-patrol-form');
      await page.getByRole('button', { name: /^保存/ }).click();
      await page.getByRole('heading', { name: '待传 2' }).waitFor();
      await cut(false);
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await page.getByRole('heading', { name: '待传 0' }).waitFor();
      const all = await page.evaluate(async () => (await fetch('api/v1/records/patrol')).json());
      equal(all.items[0].fields.track.type, 'LineString', 'track');
      ok(all.items[0].fields.length > 200, 'length');
      const walks = await page.evaluate(async (id) => (await fetch(`api/v1/records/patrol/${id}/tracks`)).json(), all.items[0].id);
      equal(walks.features.length, 1, 'one walk');
      const { geometry, properties } = walks.features[0];
      ok(geometry.coordinates.length >= 2 && properties.user === 'li', 'whose and where');
      equal(properties.checks.map((c) => c.note).join(), '一号风门,打卡', 'check-ins');
      ok(properties.checks[1].place, 'one of them by its place');
      await page.goto(`${s.url}#/registers/patrol/${all.items[0].id}`);
      await page.locator('.rr-checks li', { hasText: '一号风门' }).waitFor();
      await s.shot('p-walk-desk');
      // back on the phone, and all that is fetched at its start is there
      await Promise.all([
        page.waitForResponse((r) => /\/cases\?/.test(r.url())),
        page.goto(`${s.url}phone#/tasks`),
      ]);
      await until(async () => (await page.locator('.ph-state[aria-busy=true]').count()) === 0, 'fetched');
    });

    await step('the session ends: what waits stays, and goes on after the log-in', async () => {
      await cut(true);
      await page.getByRole('link', { name: '任务' }).click();
      await page.locator('.ph-task').first().click();
      await page.getByRole('button', { name: '签收' }).click();
      await page.getByText(/待传：签收/).waitFor();
      await context.clearCookies();
      await cut(false);
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await page.getByText('请重新登录').waitFor();
      await becomes(waiting, 1, 'still there');
      await page.locator('input[name=password]').fill('demo');
      await page.getByRole('button', { name: '登录' }).click();
      await sent();
      await page.getByRole('link', { name: '我', exact: true }).click();
      await s.axe('me');
      await s.shot('p-me');
    });
  },
  { width: 390, height: 844 },
);
