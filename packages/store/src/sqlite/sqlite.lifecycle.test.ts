import { lifecycleContract } from '../testing/contract/lifecycle.ts'
import { sqliteEngine } from './testing/sqlite-engine.ts'

lifecycleContract(sqliteEngine)
