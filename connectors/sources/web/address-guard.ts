/**
 * Which addresses a configured web service may have. An administrator writes the address and other people's answers
 * (redirects, next links, names in a DNS) change it: none of them may reach what only this machine can reach.
 */
import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

type AddressVerdict = { kind: 'allowed' } | { kind: 'refused'; why: string }

interface AddressPolicy {
  /** Services on this machine itself. */
  allowLoopback: boolean
}

/**
 * Addresses at which clouds hand credentials to whoever asks from the machine, beyond 169.254.0.0/16.
 * Source: the providers' documentation of their instance metadata services (AWS IPv6 and its pod identity, Google
 * IPv6, Alibaba, Azure, Oracle).
 */
const metadataAddresses = new Set([
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
])

/** Private ranges stay: the customer's own services are there. */
const refusedRanges: Readonly<Record<string, string>> = {
  unspecified: 'it is an unspecified address',
  linkLocal: 'it is link-local, where clouds keep credentials',
  multicast: 'it is a multicast address',
  broadcast: 'it is a broadcast address',
  reserved: 'it is in a reserved range',
  teredo: 'it is a tunnel to an unknown address',
}

/** RFC 6052, RFC 4291 2.5.5.1 (deprecated), RFC 2765, RFC 3056. */
const carriers = [
  { prefix: '64:ff9b::', length: 96, at: 12 },
  { prefix: '::', length: 96, at: 12 },
  { prefix: '::ffff:0:0:0', length: 96, at: 12 },
  { prefix: '2002::', length: 16, at: 2 },
]

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly address: string

  constructor(host: string, address: string, why: string) {
    super(
      host === address
        ? `${host} is refused: ${why}`
        : `${host} is refused: its address is ${address}, and ${why}`,
    )
    this.address = address
  }
}

/** @param address an IPv4 or IPv6 address; a zone such as `%eth0` is ignored */
export function judgeAddress(address: string, policy: AddressPolicy): AddressVerdict {
  const bare = address.replace(/%.*$/, '')
  if (!ipaddr.isValid(bare)) return { kind: 'refused', why: 'it is no address' }
  const forms = [ipaddr.process(bare), ...carriedAddresses(bare)]
  for (const form of forms) {
    const range = form.range()
    if (metadataAddresses.has(form.toString())) {
      return { kind: 'refused', why: 'it is a metadata service, where clouds keep credentials' }
    }
    if (range === 'loopback' && !policy.allowLoopback) {
      return { kind: 'refused', why: 'it is this machine; set allowLoopback when the service runs here' }
    }
    const why = refusedRanges[range]
    if (why !== undefined) return { kind: 'refused', why }
  }
  return { kind: 'allowed' }
}

/** The IPv4 address inside an IPv6 one of a translator or a tunnel: it is where the packet ends up. */
function carriedAddresses(address: string): ipaddr.IPv4[] {
  const parsed = ipaddr.parse(address)
  if (!(parsed instanceof ipaddr.IPv6) || parsed.range() === 'loopback' || parsed.range() === 'unspecified')
    return []
  const bytes = parsed.toByteArray()
  if (parsed.match(ipaddr.parse('64:ff9b:1::'), 48)) return locallyTranslated(bytes)
  const carrier = carriers.find(({ prefix, length }) => parsed.match(ipaddr.parse(prefix), length))
  if (carrier === undefined) return []
  return [new ipaddr.IPv4(bytes.slice(carrier.at, carrier.at + 4))]
}

/**
 * Of 64:ff9b:1::/48 a network takes a prefix of 48, 56, 64 or 96 bits for its translator, and only it knows which:
 * each is looked at. What begins with a zero is no address of anything, but a reading in the wrong place.
 *
 * @see RFC 8215; RFC 6052 section 2.2, whose byte 8 stays empty
 */
function locallyTranslated(bytes: readonly number[]): ipaddr.IPv4[] {
  const places = [
    [6, 7, 9, 10],
    [7, 9, 10, 11],
    [9, 10, 11, 12],
    [12, 13, 14, 15],
  ]
  const inner = places.map(place => place.map(at => bytes[at]!))
  const meant = inner.filter(([first]) => first !== 0)
  return (meant.length === 0 ? inner : meant).map(address => new ipaddr.IPv4(address))
}

/**
 * A lookup for `net.connect` that hands on checked addresses only. What is checked is what is connected to: a name
 * that changes its address between check and use (DNS rebinding) has no moment to do so.
 *
 * @param resolve the system's resolver
 */
export function guardedLookup(policy: AddressPolicy, resolve: typeof lookup = lookup): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      for (const { address } of addresses) {
        const verdict = judgeAddress(address, policy)
        if (verdict.kind === 'refused') return callback(new AddressRefused(host, address, verdict.why), [])
      }
      const [first] = addresses
      if (options.all === true || first === undefined) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
  }
}

/**
 * Checks a host that is written as an address: Node connects to those without asking any lookup.
 *
 * @param hostname of a URL, IPv6 in brackets
 * @throws AddressRefused
 */
export function checkLiteral(hostname: string, policy: AddressPolicy): void {
  const address = bareHost(hostname)
  if (isIP(address) === 0) return
  const verdict = judgeAddress(address, policy)
  if (verdict.kind === 'refused') throw new AddressRefused(address, address, verdict.why)
}

/** `[::1]` as the rest of Node writes it. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
