import fs from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { startJobs } from '../harness/jobs.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

const submission = (n: number) => ({ request: { model: 'plain', prompt: `Number ${n}` } })

describe.skipIf(lackOfChromium !== undefined)('the screens of batches and webhooks', () => {
  test('results are shown page by page, and saved with a token or without one', async () => {
    const tokens = { FOREMAN_OPERATOR_TOKEN: 'an operator' }
    for (const variables of [{}, tokens]) {
      const { foreman, ask } = await startJobs({ variables })
      const headers = variables === tokens ? { authorization: 'Bearer an operator' } : {}
      const batch = Array.from({ length: 45 }, (_, n) => submission(n))
      await ask('POST', '/jobs/batch', batch, { ...headers, 'content-type': 'application/json' })
      const { page, complaints } = await openPage(foreman.url, {
        ...(variables === tokens && { token: 'an operator' }),
      })
      await page.keyboard.press('g')
      await page.keyboard.press('b')
      await page.getByRole('link', { name: /^…/ }).click()
      await page.getByRole('heading', { name: '45 of 45 ended (100 %)' }).waitFor()
      await page.getByText('1 to 20 of 45').waitFor()
      for (const next of ['21 to 40 of 45', '41 to 45 of 45']) {
        await page.getByRole('button', { name: 'Next page' }).click()
        await page.getByText(next).waitFor()
      }
      expect(await page.getByRole('row').count()).toBe(6)
      const saved = page.waitForEvent('download')
      await page.getByText('Download the results').click()
      const lines = fs
        .readFileSync(await (await saved).path(), 'utf8')
        .trimEnd()
        .split('\n')
      expect(lines.map(line => (JSON.parse(line) as { index: number }).index)).toEqual([...batch.keys()])
      expect(await complaints()).toEqual([])
    }
  })

  test('where there is no batch, a line for a shell submits one with a token', async () => {
    const { foreman } = await startJobs({ variables: { FOREMAN_OPERATOR_TOKEN: 'an operator' } })
    const { page } = await openPage(foreman.url, { token: 'an operator' })
    await page.goto(`${foreman.url}/dashboard/#/batches`)
    await page.getByText('curl').waitFor()
    expect(await page.getByText('curl').innerText()).toContain('-H "Authorization: Bearer $FOREMAN_TOKEN"')
  })

  test('what a receiver has refused is sent again once it takes it', async () => {
    const receiver = await startReceiver(() => 410)
    const { foreman, submit, ended } = await startJobs({ variables: webhookVariables })
    const job = await submit({ ...submission(1), webhook: { url: receiver.url } })
    await ended(job.id)
    const { page, complaints } = await openPage(foreman.url)
    await page.keyboard.press('g')
    await page.keyboard.press('w')
    const { host } = new URL(receiver.url)
    await page.getByRole('row').filter({ hasText: 'job.succeeded' }).getByText('dead').waitFor()
    await page.getByRole('row').filter({ hasText: host }).getByText('gone (410)').waitFor()
    receiver.answer = () => 204
    await page.getByRole('button', { name: `Send the dead webhooks to ${host} again` }).click()
    await page.getByText(`1 webhook: dead webhooks to ${host}.`).waitFor()
    await page.getByRole('button', { name: 'Send them' }).click()
    await page.getByText('Sending webhooks again: 1 of 1, done').waitFor()
    await page.mouse.move(0, 0)
    await page.getByRole('row').filter({ hasText: 'job.succeeded' }).getByText('delivered').waitFor()
    expect(receiver.received).toHaveLength(2)
    expect(await complaints()).toEqual([])
  })
})
