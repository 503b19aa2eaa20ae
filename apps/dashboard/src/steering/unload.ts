import { api } from '../api/api.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether a model shall leave the target's memory, as clients of Ollama ask for it. */
export const askUnload = (model: string, done: () => void): void =>
  confirm({
    title: `Unload ${model}`,
    text: 'It leaves the memory of the target as soon as nothing of it runs. Its next job loads it again.',
    action: 'Unload',
    run: async () => {
      await api.post('/api/generate', { model, keep_alive: 0 })
      done()
      return `${model} is unloaded, which is shown when foreman has asked the target again`
    },
  })
