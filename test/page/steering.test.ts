import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click()

/** Answers a question that the page asks. */
const answer = async (page: Page, action: string, reason?: string): Promise<void> => {
  const dialog = page.getByRole('dialog')
  if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: action, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  // What is under the pointer stays as it is.
  await page.mouse.move(0, 0)
}

const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text }).first()

describe.skipIf(lackOfChromium !== undefined)('an operator', () => {
  test('pauses and resumes, closes and opens, and it stands among the operations, whatever the reason says', async () => {
    const { foreman, ask, submit, ended } = await startJobs()
    const { page, complaints } = await openPage(foreman.url)
    await page.goto(`${foreman.url}/dashboard/#/system`)
    await press(page, 'Pause')
    await answer(page, 'Pause', '<img src=x onerror=alert(1)>')
    await page.getByText('paused', { exact: true }).first().waitFor()
    await rowOf(page, 'paused the queue').getByText('<img src=x onerror=alert(1)>').waitFor()
    const waiting = await submit(hello)
    await press(page, 'Close')
    await answer(page, 'Close the queue')
    await rowOf(page, 'closed the queue').waitFor()
    expect((await ask('POST', '/jobs', hello)).status).toBe(503)
    expect((await ask('GET', `/jobs/${waiting.id}`)).json['state']).toBe('queued')
    await press(page, 'Open')
    await answer(page, 'Open the queue')
    await press(page, 'Resume')
    await answer(page, 'Resume', 'the game is over')
    expect(await ended(waiting.id)).toMatchObject({ state: 'succeeded' })
    await rowOf(page, 'resumed the queue').getByText('the game is over').waitFor()
    await page.getByText('Nothing is held.').waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    expect(await complaints()).toEqual([])
  })

  test('holds, releases and unloads a model', async () => {
    const variables = { FOREMAN_POLL_INTERVAL: '1s' }
    const { foreman, sim, ask, submit, ended } = await startJobs({ variables })
    await ended((await submit(hello)).id)
    const { page, complaints } = await openPage(foreman.url)
    await page.goto(`${foreman.url}/dashboard/#/models`)
    await press(page, 'Hold plain:latest')
    await answer(page, 'Hold', 'it answers nonsense')
    await rowOf(page, 'it answers nonsense').waitFor()
    const held = await submit(hello)
    await rowOf(page, 'plain:latest').getByRole('link', { name: '1', exact: true }).waitFor()
    expect((await ask('GET', `/jobs/${held.id}`)).json['state']).toBe('queued')
    await press(page, 'Release plain:latest')
    await answer(page, 'Release')
    await ended(held.id)
    await press(page, 'Unload plain:latest')
    await answer(page, 'Unload')
    await until(async () => {
      const { models } = (await (await fetch(`${sim.url}/api/ps`)).json()) as { models: unknown[] }
      return models.length === 0
    })
    await rowOf(page, 'plain:latest').getByText('no', { exact: true }).waitFor()
    expect(await complaints()).toEqual([])
  })

  test('lets jobs run outside of their window, and ends that', async () => {
    const hour = (new Date().getUTCHours() + 12) % 24
    const variables = { FOREMAN_WINDOWS: `low ${hour}:00-${hour}:01` }
    const { foreman, submit, ended } = await startJobs({ variables })
    const night = await submit({ ...hello, priority: 'low' })
    const { page } = await openPage(foreman.url)
    await page.goto(`${foreman.url}/dashboard/#/system`)
    await press(page, 'Let run')
    await answer(page, 'Let it run', 'the sun shines')
    expect(await ended(night.id)).toMatchObject({ state: 'succeeded' })
    await rowOf(page, 'let low run outside of its window').getByText('the sun shines').waitFor()
    await press(page, 'End the exception')
    await answer(page, 'End it')
    await rowOf(page, 'ended the exception of low').waitFor()
  })

  test('holds a caller, and the target works for the others', async () => {
    const variables = { FOREMAN_TOKENS: 'ann:one,bob:two', FOREMAN_OPERATOR_TOKEN: 'three' }
    const { foreman, submit, ask } = await startJobs({ variables })
    const { id } = await submit(hello, { authorization: 'Bearer one' })
    await until(async () => {
      const { json } = await ask('GET', `/jobs/${id}`, undefined, { authorization: 'Bearer one' })
      return json['state'] === 'succeeded'
    })
    const { page, complaints } = await openPage(foreman.url, { token: 'three' })
    await page.goto(`${foreman.url}/dashboard/#/callers`)
    await press(page, 'Hold ann')
    await answer(page, 'Hold', 'a flood')
    await rowOf(page, 'a flood').waitFor()
    await submit(hello, { authorization: 'Bearer one' })
    await rowOf(page, 'ann').getByRole('link', { name: '1', exact: true }).waitFor()
    await press(page, 'Release ann')
    await answer(page, 'Release')
    await rowOf(page, 'ann').getByRole('link', { name: '1', exact: true }).waitFor({ state: 'detached' })
    expect(await complaints()).toEqual([])
  })

  test('cancels a job, changes the priority of one, and retries one', async () => {
    const { foreman, submit, ended } = await startJobs()
    const running = await submit(endless)
    const waiting = await submit({ request: { model: 'beta', prompt: 'Wait!' } })
    const { page, complaints } = await openPage(foreman.url)
    await page.goto(`${foreman.url}/dashboard/#/jobs/${waiting.id}`)
    await press(page, 'Priority')
    await page.getByLabel('New priority').selectOption('high')
    await answer(page, 'Change it', 'it is urgent')
    await page.getByText('the priority is high').waitFor()
    await page.goto(`${foreman.url}/dashboard/#/jobs/${running.id}`)
    await page.getByRole('heading', { name: 'alpha running' }).waitFor()
    await press(page, 'Cancel')
    await answer(page, 'Cancel it')
    expect(await ended(running.id)).toMatchObject({ state: 'cancelled' })
    await page.getByRole('heading', { name: 'alpha cancelled' }).waitFor()
    expect(await ended(waiting.id)).toMatchObject({ state: 'succeeded', priority: 'high' })
    await page.goto(`${foreman.url}/dashboard/#/jobs/${waiting.id}`)
    await page.getByRole('heading', { name: 'beta succeeded' }).waitFor()
    await press(page, 'Retry')
    await answer(page, 'Retry')
    await page.waitForURL(url => url.hash.startsWith('#/jobs/job_') && !url.hash.includes(waiting.id))
    await page.getByRole('heading', { name: 'beta succeeded' }).waitFor()
    expect(await complaints()).toEqual([])
  })
})
