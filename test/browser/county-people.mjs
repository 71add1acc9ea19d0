// SPDX-License-Identifier: Apache-2.0
// The county's people in the program itself: the official is refused a face in the key zone of a
// spring and sees where, what would reach the target, how the ground moves, the month on one screen;
// the contact of a mine sees what is theirs and asks the experts; the inspector mends on the phone.
import { missing, PASSWORD, startCounty } from './real.mjs';

const why = missing();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const county = await startCounty({
  li: { name: '李工', roles: 'county-official' },
  kuang: { name: '矿方', roles: 'mine-contact' },
  jian: { name: '检查员', roles: 'inspector' },
});
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => county.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: county.url, KT_USER: 'li', KT_PASSWORD: PASSWORD });
const { equal, ok, story, until } = await import('./lib.mjs');

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFElEQVR4nGOoIBEwjGoY1TB8NQAAY1loECb4YI4AAAAASUVORK5CYII=',
  'base64',
);

async function people(s, step) {
  const { page } = s;
  const get = (path) => page.evaluate(async (p) => (await fetch(`api/v1${p}`)).json(), path);
  const ask = (verb, args) =>
    page.evaluate(
      async ([v, a]) => {
        const res = await fetch('api/v1/requests', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Kuangtu': '1' },
          body: JSON.stringify({ verb: v, args: a }),
        });
        const said = await res.json();
        if (!res.ok) throw new Error(JSON.stringify(said));
        return said.result;
      },
      [verb, args],
    );
  const become = async (user) => {
    await page.context().clearCookies();
    await page.reload();
    await s.login(user);
  };
  await s.login('li');
  const faces = (await get('/records/working')).items;
  const face = faces.find((x) => x.label.startsWith('1201')).id;

  await step('a face in the key zone of the spring is refused, and where it touches is drawn', async () => {
    await s.go('#/registers/working/new');
    const row = (id) => page.locator(`[data-field="${id}"]`);
    await row('title').locator('input').fill('1203工作面（演示）');
    await row('kind').locator('select').selectOption({ label: '采煤工作面' });
    await row('area').locator('button').first().click();
    const dialog = page.locator('.rr-drawing');
    await dialog.locator('select').first().selectOption('Polygon');
    await dialog.locator('textarea').fill('628500 3914900\n629500 3914900\n629500 3915100\n628500 3915100');
    await dialog.locator('footer .primary, .btn.primary').last().click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('form.rr-form button[type=submit]').first().click();
    const said = page.locator('.rr-form .error');
    await said.getByText('重点保护区').first().waitFor();
    await said.getByText('严禁', { exact: false }).first().waitFor();
    await page.locator('.rr-sketch path.common').waitFor();
    await s.shot('county-refused');
    equal((await get('/records/working')).items.length, faces.length, 'nothing was written');
    await page.getByRole('button', { name: '取消', exact: true }).click();
    await page.getByRole('button', { name: '放弃修改' }).click();
    await page.locator('form.rr-form').waitFor({ state: 'detached' });
  });
  await step('the zones that a face lies in stand on its page', async () => {
    await s.go(`#/registers/working/${face}?tab=barriers`);
    await page.getByText('触及，须满足条件').first().waitFor();
    await page.getByText('未触及').first().waitFor();
    await s.shot('county-zones');
  });
  await step('how the ground above it moves, with backfill and without', async () => {
    await s.go(`#/registers/working/${face}?tab=subsidence`);
    await page.getByText('等值线').first().waitFor();
    await page.locator('.rr-sub-map canvas').first().waitFor();
    await s.settled();
    await s.shot('county-subsidence');
    await page.locator('.rr-sub select').selectOption('strain');
    await page.getByText('mm/m').first().waitFor();
  });
  await step('which mines would lift the share to 30 %', async () => {
    await s.go('#/indicators/green_share?span=year');
    await page.getByLabel('年度（年末）').fill('2025');
    await page.getByLabel(/^目标值/).fill('60');
    await page.getByText(/还差 \d+ 个/).waitFor();
    await page.locator('.in-if-needed').first().waitFor();
    await page.getByText('突出：必须实行煤与瓦斯共采（R3.1）').first().waitFor();
    await s.shot('county-what-if');
  });
  await step('the month as it goes to the superior, and on one screen', async () => {
    await s.go('#/briefings/county_month');
    await page.getByRole('heading', { name: '八、条款适用、落实与无法判断' }).waitFor();
    await page.getByText('实施绿色开采的煤矿占比').first().waitFor();
    await s.axe('the report');
    await s.shot('county-month');
    for (const [format, first] of [['pdf', '%PDF'], ['xlsx', 'PK']]) {
      const begins = await page.evaluate(
        async (f) => (await (await fetch(`api/v1/briefings/county_month?format=${f}`)).text()).slice(0, 4),
        format,
      );
      ok(begins.startsWith(first), `${format} begins with ${begins}`);
    }
    await page.setViewportSize({ width: 1920, height: 1080 });
    await s.go('#/board/county_month');
    await page.locator('.bf-tile').nth(4).waitFor();
    await page.getByText('没有内容：', { exact: false }).waitFor();
    await s.settled();
    const over = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
    equal(over, 0, 'pixels beyond the screen');
    await s.shot('county-board');
    for (const [width, height] of [[1366, 768], [1920, 1080], [3840, 2160]]) {
      await page.setViewportSize({ width, height });
      const cut = () =>
        page.evaluate(() =>
          [...document.querySelectorAll('.bf-tile')].flatMap((tile) => {
            const edge = tile.getBoundingClientRect().right + 1;
            return [...tile.querySelectorAll('th:last-child, td:last-child')].filter(
              (c) => c.getBoundingClientRect().right > edge,
            );
          }).length,
        );
      await until(async () => (await cut()) === 0, `every last column in sight at ${width}`);
      await s.shot(`county-board-${width}`);
    }
    await page.setViewportSize({ width: 1366, height: 768 });
    await page.setViewportSize({ width: 1366, height: 768 });
    await s.go('#/records');
  });
  const finding = await ask('record.create', {
    register: 'finding',
    fields: { title: '护栏缺失（演示）', origin: 'campaign', level: 'general', place: 'county' },
  });
  await ask('record.move', {
    record: finding.record,
    version: finding.version,
    transition: 'assign',
    to: 'jian',
    fields: { territory: '演示乡（演示）', department: '县能源局', enterprise: '演示一矿（演示）', measure: '加装护栏' },
  });

  await step('the contact of a mine sees its own faces, no other unit’s tasks, and asks the experts', async () => {
    await become('kuang');
    await s.go('#/registers/working');
    await page.getByText('1201工作面（演示）').first().waitFor();
    equal((await get('/records/duty')).total, 0, 'duties of bureaus');
    equal((await get('/records/finding')).total, 0, 'findings of the county');
    await s.go('#/registers/expert_question/new');
    const mine = page.locator('[data-field="mine"] input');
    await mine.fill('演示一矿');
    await page.locator('.picker-list [role=option]:visible').first().click();
    await page.locator('[data-field="title"] textarea').fill('留巷顶板离层偏大（演示）');
    await page.locator('[data-field="place"] input').fill('演示一矿');
    await page.locator('.picker-list [role=option]:visible').first().click();
    await page.locator('form.rr-form button[type=submit]').first().click();
    await page.getByText('已提出').first().waitFor();
    await s.shot('county-contact');
  });

  await step('the inspector finds the task on the phone, takes a photo and reports it', async () => {
    await become('jian');
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Emulation.setDeviceMetricsOverride', { width: 390, height: 844, deviceScaleFactor: 2, mobile: true });
    await page.goto(`${s.url}phone`);
    await page.locator('.ph-task', { hasText: '护栏缺失（演示）' }).click();
    await page.getByRole('button', { name: '报告完成' }).click();
    await page.getByLabel(/拍照：照片/).setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: PNG });
    await page.locator('canvas.ph-thumb').waitFor();
    await page.getByLabel(/说明/).fill('护栏已装');
    await s.shot('county-phone');
    await page.getByRole('button', { name: '报告完成' }).last().click();
    const state = async () => (await get(`/records/finding/${finding.record}`)).state;
    await until(async () => (await state()) === 'review', 'the finding waits for its review');
  });
}

try {
  await story('the county’s people', people);
} finally {
  await county.stop();
}
