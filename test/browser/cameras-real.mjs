// SPDX-License-Identifier: Apache-2.0
// The dispatcher looks at cameras: live pictures of a real RTSP server, one that is killed and comes
// back, nine at most, the dark wall.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BIN, missing, PASSWORD, start } from './real.mjs';

const beside = (name) => (existsSync(BIN) ? join(dirname(realpathSync(BIN)), name) : name);
const SERVER = beside('kuangtu-sim-camera');
function noCameras() {
  for (const path of [SERVER, beside('kuangtu-camera')])
    if (!existsSync(path)) return `not there: ${path}`;
  try {
    execFileSync(SERVER, ['--check'], { stdio: 'ignore' });
    return '';
  } catch {
    return 'GStreamer has no x264enc here';
  }
}
const why = missing() || noCameras();
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}

let server;
let port = 0;
async function serveCameras() {
  server = spawn(SERVER, ['--port', String(port), 'A', 'B', 'C'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  port = Number(
    await new Promise((said) => createInterface({ input: server.stdout }).once('line', said)),
  );
}
const kill = () => new Promise((gone) => server.once('exit', gone) && server.kill('SIGKILL'));

process.env.KT_CAMERA ??= beside('kuangtu-camera');
await serveCameras();
const mine = await start({ wang: { name: '王建国', roles: 'dispatcher' } }, (site) => {
  const url = (n) => `rtsp://127.0.0.1:${port}/${n}`;
  writeFileSync(
    join(site, 'cameras.csv'),
    `id,name,name_en,place,url\nCAM-A,工作面机头,Face head,1203-face,${url('A')}\n` +
      `CAM-B,回风巷,Return,1203-ret,${url('B')}\nCAM-C,井口,Portal,mine,${url('C')}\n`,
  );
});
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => mine.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: mine.url, KT_USER: 'wang', KT_PASSWORD: PASSWORD });
const { ok, story, until } = await import('./lib.mjs');

async function watching(s, step) {
  const { page } = s;
  const video = (id) => page.locator(`[data-camera="${id}"] video`);
  const time = (id) =>
    video(id)
      .evaluate((v) => (v.readyState >= 2 ? v.currentTime : -1))
      .catch(() => -1);
  const plays = async (id) => {
    let last = await time(id);
    let steps = 0;
    await until(async () => {
      const now = await time(id);
      steps += now > last && last >= 0 ? 1 : 0;
      last = now;
      return steps >= 3;
    }, `${id} plays`);
  };

  await step('a click on a camera, and its picture moves', async () => {
    await s.login();
    await s.go('#/cameras');
    const row = page.getByRole('button', { name: /工作面机头/ }).first();
    await row.waitFor();
    const clicked = Date.now();
    await row.click();
    await until(async () => (await time('CAM-A')) >= 0, 'a first picture');
    console.log(`# first picture ${Date.now() - clicked} ms after the click`);
    await plays('CAM-A');
    await s.axe('cameras');
  });
  await step('more beside it, each over the same connection; a key enlarges one', async () => {
    await page
      .getByRole('button', { name: /回风巷/ })
      .first()
      .click();
    await page.getByRole('button', { name: /井口/ }).first().click();
    for (const id of ['CAM-A', 'CAM-B', 'CAM-C']) await plays(id);
    ok(
      page.url().includes('c=CAM-A%2CCAM-B%2CCAM-C'),
      `what is chosen stands in the address: ${page.url()}`,
    );
    await s.key('2');
    await page.locator('.camera-tile.big[data-camera="CAM-B"]').waitFor();
    await s.shot('cameras');
    await s.key('2');
  });
  await step('the cameras are killed: no signal since; they come back by themselves', async () => {
    await kill();
    await page
      .locator('[data-camera="CAM-A"] .camera-note', { hasText: /自 \d\d:\d\d:\d\d 起无信号/ })
      .waitFor();
    await s.shot('cameras-lost');
    await serveCameras();
    await page.locator('[data-camera="CAM-A"][data-state="live"]').waitFor();
    for (const id of ['CAM-A', 'CAM-B', 'CAM-C']) await plays(id);
  });
  await step(
    'gas over its limit: the nearest cameras open by themselves, and what they saw is kept',
    async () => {
      await s.go('#/map');
      await mine.plant('set T1-1203 1.2');
      const dock = page.getByRole('complementary', { name: '浮动视频' });
      await dock.waitFor();
      await plays('CAM-A');
      await s.shot('camera-dock');
      await dock.getByRole('button', { name: '关闭浮动视频' }).click();
      const alarm = await until(async () => {
        const list = await page.evaluate(
          async () => (await (await fetch('api/v1/alarms?state=active')).json()).items,
        );
        return list.find((a) => a.rule === 'gas.over-limit' && a.point === 'T1-1203');
      }, 'the alarm');
      await s.go(`#/alarms/${alarm.id}`);
      const kept = page.locator('.camera-kept').first();
      await kept.waitFor();
      await until(
        () => kept.locator('img').evaluate((i) => i.complete && i.naturalWidth > 0),
        'its picture',
      );
      await kept.scrollIntoViewIfNeeded();
      await s.shot('camera-kept');
      await kept.getByRole('button', { name: /播放报警前/ }).click();
      await until(
        () => kept.locator('video').evaluate((v) => v.currentTime > 0.5),
        'the seconds before play',
      );
      await mine.plant('free T1-1203');
    },
  );
  await step('the wall is dark and plays', async () => {
    await s.go('#/cameras?c=CAM-A,CAM-C');
    await page.getByRole('button', { name: '视频墙' }).click();
    await page.locator('main.camera-wall').waitFor();
    ok((await page.evaluate(() => document.documentElement.dataset.theme)) === 'dark', 'dark');
    for (const id of ['CAM-A', 'CAM-C']) await plays(id);
    await s.shot('camera-wall');
    await s.key('Escape');
    await page.locator('.camera-list').waitFor();
  });
}

try {
  await story('live pictures of cameras', watching);
} finally {
  await mine.stop();
  server.kill('SIGKILL');
}
