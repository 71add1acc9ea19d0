// SPDX-License-Identifier: Apache-2.0
// The safety officer of the demonstration mine: the mine on one screen, live from the plant and from the
// records of the shifts; a report of a shift is signed and printed as the mine hands it in.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasBroker, missing, PASSWORD, start } from './real.mjs';

const why = missing() || (hasBroker() ? '' : 'not there: mosquitto');
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const mine = await start(
  {
    an: { name: '安全员', roles: 'safety-officer' },
  },
  undefined,
  { persons: 60 },
);
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'an', KT_PASSWORD: PASSWORD });
const { ok, story, until } = await import('./lib.mjs');

async function officer(s, step) {
  const { page } = s;
  await s.login('an');
  execFileSync('python3', [join(ROOT, 'scripts/seed-mine'), mine.site]);

  await step('the mine on one screen: records beside live points', async () => {
    await s.go('#/overview');
    const tile = (name) => page.getByRole('region', { name, exact: true });
    await until(async () => /\d t/.test(await tile('生产').innerText()), 'coal today');
    await until(async () => /\d/.test(await tile('井下人员').innerText()), 'persons below');
    await until(async () => /\d+ \/ \d+/.test(await tile('供电').innerText()), 'feeds');
    await until(async () => /412 d/.test(await tile('安全与机电管理').innerText()), 'days without an accident');
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    ok(over <= 0, `nothing beyond the side: ${over}`);
    await s.axe('the mine on one screen');
    await s.shot('overview');
    for (const [width, height] of [[1920, 1080], [3840, 2160]]) {
      await page.setViewportSize({ width, height });
      await s.shot(`overview-${width}`);
    }
    await page.setViewportSize({ width: 1366, height: 768 });
  });
  await step('the report of a shift, printed as the mine hands it in', async () => {
    const id = await page.evaluate(
      async () => (await (await fetch('api/v1/records/shift_report?limit=1')).json()).items[0].id,
    );
    await s.go(`#/registers/shift_report/${id}`);
    await page.getByText('调度班报').first().waitFor();
    for (const [format, first] of [['pdf', '%PDF'], ['xlsx', 'PK']]) {
      const begins = await page.evaluate(
        async ([i, f]) =>
          (await (await fetch(`api/v1/records/shift_report/${i}/documents/shift_form?format=${f}`)).text()).slice(0, 4),
        [id, format],
      );
      ok(begins.startsWith(first), `${format} begins with ${begins}`);
    }
    await s.shot('shift-report');
  });
  await step('what is laid on the safety side stands on its registers', async () => {
    await s.go('#/registers/disaster_plan');
    await page.getByText('1205面瓦斯抽采达标（演示）').first().waitFor();
    await s.go('#/registers/smart_task');
    await page.getByText('万兆工业环网（演示）').first().waitFor();
    await s.shot('smart-tasks');
  });
  await step('who is below stands there by name', async () => {
    await s.go('#/people');
    const list = page.getByRole('grid', { name: '在井人员' });
    await list.getByText(/^YS\d{4}$/).first().waitFor();
    await list.getByText(/^[王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗]建国$/).first().waitFor();
    await s.axe('persons below');
    await s.shot('persons-by-name');
  });
  await step('a drainage plan is edited in its grid: over a limit it says so, kept it is judged', async () => {
    await s.go('#/drainage');
    await page.getByRole('button', { name: '手工编辑' }).click();
    const cell = page.getByRole('textbox', { name: /^1205-1 / }).first();
    await cell.fill('29');
    await page.getByText('! ≤').first().waitFor();
    await s.axe('the grid of a plan');
    await s.shot('drainage-grid');
    await cell.press('Enter');
    ok(
      /^1205-2 /.test(await page.evaluate(() => document.activeElement.ariaLabel)),
      'Enter goes to the row below',
    );
    await page.getByRole('button', { name: '保存并评判' }).click();
    await page.getByText(/1205-1 超出可抽量/).waitFor();
    await s.shot('drainage-judged');
  });
}

try {
  await story('the safety officer', officer);
} finally {
  await mine.stop();
}
