// SPDX-License-Identifier: Apache-2.0
// The dispatcher calls a phone from the map, hangs up and hears the recording, speaks to an area and
// sees which speaker does not answer. Real phones and speakers (baresip).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BIN } from './real.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const absent = [BIN, `${ROOT}web/dist/index.html`, '/usr/bin/chromium'].filter((x) => !existsSync(x));
if (absent.length) {
  console.log(`1..0 # SKIP not there: ${absent.join(', ')}`);
  process.exit(0);
}
const child = spawn('python3', [`${ROOT}test/outside/voice_world.py`], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, KT_BIN: BIN, KT_SOURCE: ROOT },
});
const over = new Promise((resolve) => child.once('exit', resolve));
const end = async () => {
  child.stdin.end();
  await over;
};
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => end().finally(() => process.exit(1)));
const first = await Promise.race([
  new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
  over.then(() => '{"skip":"the mine did not start"}'),
]);
const mine = JSON.parse(first);
if (mine.skip) {
  console.log(`1..0 # SKIP ${mine.skip}`);
  process.exit(0);
}
Object.assign(process.env, { KT_URL: mine.url, KT_USER: mine.user, KT_PASSWORD: mine.password });
const { ok, story, until } = await import('./lib.mjs');

async function voice(s, step) {
  const { page } = s;
  const now = page.getByRole('region', { name: '正在进行' });
  const recent = page.getByRole('region', { name: '最近' });

  await step('phones and speakers on one screen, with what they answer', async () => {
    await s.login();
    await s.go('#/voice');
    const row = (name) => page.getByRole('row').filter({ hasText: name });
    await row('工作面电话').getByText('应答', { exact: true }).waitFor();
    await row('回风巷音箱').getByText('无应答').waitFor();
    await s.axe('phones and speakers');
    await s.shot('voice');
  });
  await step('all phones of an area are called only when a person has seen how many', async () => {
    const form = page.getByRole('form', { name: '广播' });
    await form.getByRole('combobox').first().selectOption({ value: 'P1' });
    await form.getByRole('button', { name: /呼叫该处 1 部电话/ }).click();
    const d = page.getByRole('dialog', { name: /1 部电话？/ });
    await d.getByText('工作面电话').waitFor();
    await s.axe('before an area is called');
    await s.shot('voice-area');
    await s.key('Escape');
    await d.waitFor({ state: 'detached' });
    await now.getByText('没有正在进行').waitFor();
    await form.getByRole('button', { name: /呼叫该处 1 部电话/ }).click();
    await d.getByRole('button', { name: /全部呼叫/ }).click();
    await now.getByText('通话中').waitFor();
    await now.getByRole('button', { name: '挂断' }).click();
    await now.getByText('没有正在进行').waitFor();
  });
  await step('a phone of the map is called: the desk rings, both talk, the dispatcher hangs up', async () => {
    await s.go('#/map');
    const grid = page.getByRole('grid', { name: /列表/ });
    await grid.getByRole('row').filter({ hasText: '工作面电话' }).click();
    await page
      .locator('.cardpane')
      .getByRole('button', { name: /呼叫（先振调度台话机）/ })
      .click();
    await now.getByText('通话中').waitFor();
    await page.waitForTimeout(5000); // they speak
    await s.shot('talking');
    await now.getByRole('button', { name: '挂断' }).click();
    await now.getByText('没有正在进行').waitFor();
    await recent.getByText('挂断').first().waitFor();
  });
  await step('the recording is there and is no silence', async () => {
    await recent.getByRole('button', { name: '听录音' }).first().click();
    const audio = recent.locator('audio').first();
    await audio.waitFor();
    const loud = await page.evaluate(async () => {
      const { items } = await (await fetch('api/v1/events?type=call&limit=50')).json();
      const end = items.find((e) => e.body.change === 'end');
      const wav = await (await fetch(`api/v1/recordings/${end.seq}`)).arrayBuffer();
      return new Int16Array(wav.slice(44));
    }).then((wav) => {
      const v = Object.values(wav);
      return Math.sqrt(v.reduce((sum, x) => sum + x * x, 0) / v.length) / 32768;
    });
    ok(loud > 0.02, `loudness ${loud}`);
    await until(async () => (await audio.evaluate((a) => a.duration)) > 1, 'it can be played');
  });
  await step('words to an area; who does not answer is listed', async () => {
    const form = page.getByRole('form', { name: '广播' });
    await form.getByRole('combobox').first().selectOption({ value: 'P1' });
    await form.getByRole('textbox').fill('注意，工作面瓦斯超限，请立即撤离。');
    await form.getByRole('button', { name: '开始广播' }).click();
    await now.getByText('播报中').first().waitFor();
    await recent.getByText(/未应答：回风巷音箱/).waitFor();
    await recent.getByText('已证实收到').waitFor();
    await s.axe('after a broadcast');
    await s.shot('after');
  });
  await step('a recording is stored, heard, and played to the speakers of the area', async () => {
    const wav = Buffer.alloc(44 + 44100 * 4);
    wav.write('RIFF', 0);
    wav.writeUInt32LE(36 + 44100 * 4, 4);
    wav.write('WAVEfmt ', 8);
    for (const [at, v] of [[16, 16], [24, 44100], [28, 44100 * 4], [40, 44100 * 4]]) wav.writeUInt32LE(v, at);
    for (const [at, v] of [[20, 1], [22, 2], [32, 4], [34, 16]]) wav.writeUInt16LE(v, at);
    wav.write('data', 36);
    for (let i = 0; i < 44100 * 2; i++) wav.writeInt16LE(9000 * Math.sin(i / 20), 44 + i * 2);
    const form = page.getByRole('form', { name: '广播' });
    const file = form.locator('input[type=file]');
    await file.setInputFiles({ name: '不是声音.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('no sound') });
    await form.getByRole('alert').filter({ hasText: '另存为 WAV' }).waitFor();
    await file.setInputFiles({ name: '撤离.wav', mimeType: 'audio/wav', buffer: wav });
    const heard = form.locator('audio');
    await until(async () => (await heard.evaluate((a) => a.duration)) > 0.9, 'it can be heard');
    await s.shot('voice-stored');
    await form.getByRole('combobox').first().selectOption({ value: 'P1' });
    await form.getByRole('button', { name: '开始广播' }).click();
    await now.getByText('播报中').first().waitFor();
    await now.getByText('没有正在进行').waitFor();
    ok((await recent.getByText('已证实收到').count()) >= 2, 'the speaker has confirmed it');
  });
  await step('the past shows the talks of then; what was said is heard from that second on', async () => {
    const talk = await page.evaluate(async () => {
      const got = await (await fetch('api/v1/voice')).json();
      return got.talks.find((x) => x.kind === 'call');
    });
    await page.locator('.axis-mark').first().waitFor({ state: 'attached' });
    const second = Math.ceil(talk.answered / 1000) * 1000 + 1000;
    const local = new Date(second + 8 * 3600_000).toISOString().slice(0, 19);
    await s.go('#/voice');
    await s.key('Shift+R');
    const d = page.getByRole('dialog', { name: '回放' });
    await d.getByLabel('速度').fill('0.1');
    await d.locator('input[type="datetime-local"]').fill(local);
    await d.getByRole('button', { name: '播放' }).click();
    await now.getByText('通话中').waitFor();
    ok((await recent.getByText('广播', { exact: true }).count()) === 0, 'the broadcast came later');
    ok(await now.getByRole('button', { name: '挂断' }).isDisabled(), 'nothing is done in the past');
    await now.getByRole('button', { name: '从此刻听录音' }).click();
    const audio = now.locator('audio');
    await until(async () => (await audio.evaluate((a) => a.currentTime)) > 0.9, 'it begins there');
    await s.shot('voice-past');
    await s.key('l');
    await recent.getByText('广播', { exact: true }).first().waitFor();
  });
  await step('both stand in the log, with their recordings', async () => {
    await s.go('#/events');
    await page.getByRole('row').filter({ hasText: '广播' }).first().waitFor();
    await page.getByRole('row').filter({ hasText: '广播' }).first().dblclick();
    await page.getByRole('dialog').waitFor();
    await s.shot('log');
  });
}

await story('voice: dispatcher', voice).finally(end);
