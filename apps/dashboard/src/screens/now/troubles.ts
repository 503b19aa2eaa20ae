/** What a reason of /healthz means to whoever can do something about it. docs/operations.md says more. */
export interface Trouble {
  readonly what: string
  readonly todo: string
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  worker_away: {
    what: 'No worker has been heard of for 8 s. Jobs are accepted, and wait.',
    todo: 'Start the worker, and read its log.',
  },
  target_away: {
    what: 'The target does not answer, or refuses foreman. Jobs are accepted, and wait.',
    todo: 'Start Ollama, and check FOREMAN_OLLAMA_URL and FOREMAN_OLLAMA_TOKEN. foreman asks it every half second.',
  },
  target_is_foreman: {
    what: 'FOREMAN_OLLAMA_URL leads back to foreman itself.',
    todo: "Set it to Ollama's own address.",
  },
  target_incomplete: {
    what: 'The target does not answer everything as Ollama does.',
    todo: "Let the route through that the worker's log names.",
  },
  target_silent: {
    what: 'The target was cut off because it took too long, and has answered no job since.',
    todo: 'Look at Ollama: a model process there may be stuck.',
  },
  embedder_does_not_fit: {
    what: 'The embedding model pushed the working model out of memory.',
    todo: 'Use a smaller one, more memory, or OLLAMA_MAX_LOADED_MODELS.',
  },
  stopping: {
    what: 'The gateway is being stopped.',
    todo: 'It comes back by itself, or somebody wants it so.',
  },
  no_room: {
    what: 'There is too little room for the queue. Jobs are refused.',
    todo: 'Free some space, or change FOREMAN_MIN_FREE or FOREMAN_MAX_DB_SIZE.',
  },
  queue_not_writable: {
    what: 'The file of the queue takes no writes. Jobs are refused.',
    todo: 'If it stays, look at the disk, and for a process that keeps the file open.',
  },
  queue_not_readable: {
    what: 'The file of the queue cannot be read.',
    todo: 'Look at the disk; if the file is damaged, restore a backup.',
  },
  queue_replaced: {
    what: 'The file of the queue was moved or replaced. Jobs are refused.',
    todo: 'Put it back, or restart both processes to use the new one.',
  },
  file_locks_do_not_work: {
    what: 'Locks do not work on the disk of the queue. Jobs are refused.',
    todo: 'Move the file to a local disk or a named volume.',
  },
}

/** A reason that a newer server has added is told by its name. */
export const troubleOf = (reason: string): Trouble =>
  TROUBLES[reason] ?? { what: `${reason.replaceAll('_', ' ')}.`, todo: 'docs/operations.md says what to do.' }
