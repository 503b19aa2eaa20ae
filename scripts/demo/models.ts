import { answerTo } from './texts.ts'

/** The models of the demonstration. One of them fits into the memory of the simulated Ollama at a time. */
export const MODELS = {
  small: { name: 'qwen3:8b', size: 5_200_000_000, loadMs: 2_000, tokensPerSecond: 80, canThink: true },
  coder: { name: 'devstral:24b', size: 14_300_000_000, loadMs: 4_000, tokensPerSecond: 50 },
  large: { name: 'llama3.3:70b', size: 42_500_000_000, loadMs: 6_000, tokensPerSecond: 40 },
} as const

/** The simulated Ollama, `speed` times as fast. */
export const simOptions = (speed: number) => {
  const models = Object.values(MODELS)
  return {
    maxLoaded: 1,
    models: [],
    loadMs: Object.fromEntries(models.map(({ name, loadMs }) => [name, loadMs / speed])),
    proseModels: models.map(model => ({
      ...model,
      tokensPerSecond: model.tokensPerSecond * speed,
      prose: answerTo,
    })),
  }
}
