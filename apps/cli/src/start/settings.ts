import { gatewaySettings } from '@foreman/gateway/settings'
import { setting } from '@foreman/process'
import { workerSettings } from '@foreman/worker/settings'

export const LOCAL_OLLAMA = 'http://127.0.0.1:11434'

/** The settings of both processes. The target need not be said: `foreman start` finds one. */
export const startSettings = {
  ...workerSettings,
  ...gatewaySettings,
  ollamaUrl: setting.url({
    env: gatewaySettings.ollamaUrl.env,
    optional: true,
    describe: `The Ollama server; default: the one that answers on ${LOCAL_OLLAMA}, or else a simulated one`,
  }),
}
