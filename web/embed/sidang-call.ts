/**
 * A meeting as a library, for pages that are not Sidang's: the call itself and the devices, without a component framework. What is exported
 * here is what `docs/embedding.md` promises.
 */

export * from '../src/call';
export { Devices, type Device, type DeviceKind, type DeviceProblem } from '../src/media/devices';
export { LocalMedia, type DeviceNotice, type LocalView } from '../src/media/local';
