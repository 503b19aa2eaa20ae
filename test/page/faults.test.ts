import { startSim } from '@foreman/ollama-sim'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

/** A gateway and a worker as processes of their own, which can be killed, and come back at the same address. */
const start = async () => {
  const sim = await startSim({ tokensPerSecond: 20 })
  onTestFinished(() => sim.close())
  const variables = variablesFor(sim.url)
  const worker = startWorkerProcess(variables)
  const gateway = await startGatewayProcess(variables)
  const atSamePlace = { ...variables, FOREMAN_ADDR: new URL(gateway.url).host }
  const submit = async (tokens: number): Promise<string> => {
    const request = { model: 'alpha', prompt: 'go on', options: { num_predict: tokens } }
    const answer = await fetch(`${gateway.url}/jobs`, { method: 'POST', body: JSON.stringify({ request }) })
    return ((await answer.json()) as { id: string }).id
  }
  return {
    url: gateway.url,
    gateway,
    worker,
    submit,
    startGateway: () => startGatewayProcess(atSamePlace),
    startWorker: () => startWorkerProcess(variables),
  }
}

describe.skipIf(lackOfChromium !== undefined)('when a process is killed, the page', () => {
  test('says that the gateway is gone, and goes on by itself when it is back, with the answer that comes', async () => {
    const { url, gateway, submit, startGateway } = await start()
    const id = await submit(200)
    const { page } = await openPage(url)
    await page.goto(`${url}/dashboard/#/jobs/${id}`)
    const answer = page.getByLabel('Answer', { exact: true }).last()
    await answer.getByText(/\w+/).first().waitFor()
    gateway.kill('SIGKILL')
    await gateway.ended
    await page.getByText('The connection is lost (foreman cannot be reached).').waitFor()
    await page.getByRole('heading', { name: 'alpha running' }).waitFor()
    await startGateway()
    await page.getByText('The connection is lost').first().waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'alpha succeeded' }).waitFor()
    const whole = (await (await fetch(`${url}/jobs/${id}`)).json()) as { result: { response: string } }
    const shown = (await answer.innerText()).replaceAll(/\s+/g, ' ').trim()
    expect(shown).toContain(whole.result.response.replaceAll(/\s+/g, ' ').trim())
  })

  test('says that no worker is there, and shows how the next one runs the job again', async () => {
    const { url, worker, submit, startWorker } = await start()
    await submit(300)
    const { page } = await openPage(url)
    await page.getByRole('heading', { level: 1, name: 'alpha:latest works' }).waitFor()
    worker.kill('SIGKILL')
    await page.getByRole('heading', { level: 1, name: 'No worker is running.' }).waitFor()
    await page.getByText('Start the worker, and read its log.').waitFor()
    startWorker()
    await page.getByRole('heading', { level: 1, name: 'alpha:latest works' }).waitFor()
    await page.getByText('Start the worker, and read its log.').waitFor({ state: 'detached' })
  })
})
