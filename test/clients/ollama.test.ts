import { tryEverything } from './battery.ts'
import { ollama } from './drivers/ollama.ts'

tryEverything(ollama, { leaveWhole: 'ollama-leaving-a-whole-answer' })
