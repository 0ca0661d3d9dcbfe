/**
 * Clients of a socket. Each line of standard input tells them what to do: a number opens so many, which are
 * silent; with `speak` one more comes and is silent, and all before it say a byte; with `end` all have said
 * all. A path is that of a file that is made when all before is done.
 */
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const [path = ''] = process.argv.slice(2)
const clients: Socket[] = []

function open(): void {
  clients.push(
    connect(path)
      .on('error', () => {})
      .resume(),
  )
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'speak') {
    const before = [...clients]
    // It is in the queue of the kernel when the bytes come.
    open()
    for (const client of before) client.write('x')
  } else if (line === 'end') for (const client of clients) client.end()
  else if (line.startsWith('/')) writeFileSync(line, '')
  else for (let count = Number(line); count > 0; count--) open()
}
