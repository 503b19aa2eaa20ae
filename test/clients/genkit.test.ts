import { tryEssentials } from './battery.ts'
import { genkit } from './drivers/genkit.ts'

tryEssentials(genkit)
