/**
 * A hostile SMSC in a process of its own: told the attack by its parent, it accepts every login and then does its worst
 * on every connection, as fast as the network takes it, without ever reading what comes back.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Attack, floodReceipts, smpp, ucp } from './attacks.ts'

const words = process.argv[2] === 'ucp' ? ucp : smpp
const sockets = new Set<Socket>()
let attack: Attack = 'mute'
let written = 0

process.on('disconnect', () => process.exit())
process.on('message', (said: { attack: Attack }) => {
  attack = said.attack
  for (const socket of sockets) socket.destroy()
  written = 0
  process.send?.({ attack })
})

const server = createServer(socket => {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('close', () => sockets.delete(socket))
  if (attack === 'mute') return
  socket.once('data', octets => {
    // Whatever follows the login stays unread in the kernel's buffers.
    socket.pause()
    socket.write(words.acceptLogin(octets))
    void strike(socket, attack)
  })
})

async function strike(socket: Socket, by: Attack): Promise<void> {
  if (by === 'half-frames') {
    await write(socket, words.halfFrame)
    return
  }
  // Receipts end after so many; the client must be able to answer them.
  if (by === 'receipts') socket.resume()
  const numbers = by === 'receipts' ? floodReceipts : Number.POSITIVE_INFINITY
  for (let number = 1; number <= numbers && !socket.destroyed; ) {
    const batch: Uint8Array[] = []
    for (let size = 0; size < 65_536 && number <= numbers; number += 1) {
      const octets = octetsOf(by, number)
      batch.push(octets)
      size += octets.length
    }
    await write(socket, Buffer.concat(batch))
    if (by === 'receipts') written = number - 1
    process.send?.({ written })
  }
}

function octetsOf(by: Attack, number: number): Uint8Array {
  switch (by) {
    case 'long-frames':
      return words.longFrame(number)
    case 'receipts':
      return words.receipt(number)
    case 'endless':
      return words.endless
    default:
      return words.enquiry(number)
  }
}

function write(socket: Socket, octets: Uint8Array): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      socket.off('close', done)
      resolve()
    }
    socket.once('close', done)
    socket.write(octets, done)
  })
}

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
