import type { Page } from 'playwright-core'
import { endless, hello, type JobsUnderTest, startJobs } from '../harness/jobs.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { until } from '../harness/until.ts'

/** A screen by its hash, and what is there once it has come. */
interface Screen {
  readonly hash: string
  readonly selector: string
}

/** A foreman on which every screen has something to show. */
export interface Filled extends JobsUnderTest {
  readonly screens: readonly Screen[]
}

/** Something runs, waits, has ended and is held; a batch is over, and a webhook was refused. */
export const startFilled = async (): Promise<Filled> => {
  const receiver = await startReceiver(() => 410)
  const variables = { ...webhookVariables, FOREMAN_WINDOWS: 'low 22:00-07:00, model:gamma mon 01:00-05:00' }
  const jobs = await startJobs({ variables, sim: { tokensPerSecond: 20 } })
  const { ask, submit, ended } = jobs
  const over = await submit({ ...hello, metadata: { page: 7 }, webhook: { url: receiver.url } })
  await ended(over.id)
  const { json } = await ask('POST', '/jobs/batch', [hello, hello], { 'content-type': 'application/json' })
  const batch = String(json['batch'])
  await until(async () => (await ask('GET', `/batches/${batch}`)).json['ended'])
  await ask('POST', '/queue/holds', { kind: 'model', subject: 'beta', reason: 'its update is being tried' })
  const running = await submit(endless)
  await submit({ request: { model: 'beta', prompt: 'Wait!' } })
  await until(async () => (await ask('GET', `/jobs/${running.id}`)).json['state'] === 'running')
  await until(() => receiver.received.length > 0)
  const screens = [
    { hash: '#/', selector: 'svg[aria-label=Timeline]' },
    { hash: '#/jobs', selector: 'td' },
    { hash: `#/jobs/${over.id}`, selector: 'text=succeeded' },
    { hash: `#/jobs/${running.id}`, selector: 'text=running' },
    { hash: '#/batches', selector: 'td' },
    { hash: `#/batches/${batch}`, selector: 'td' },
    { hash: '#/webhooks', selector: 'td' },
    { hash: '#/models', selector: 'td' },
    { hash: '#/callers', selector: '.chart svg' },
    { hash: '#/system', selector: 'text=FOREMAN_ADDR' },
  ]
  return { ...jobs, screens }
}

/** Goes to a screen by its hash, and waits until it is there. */
export const showScreen = async (page: Page, { hash, selector }: Screen): Promise<void> => {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await page.locator('main h1').first().waitFor()
  await page.locator(`main >> ${selector}`).first().waitFor()
}
