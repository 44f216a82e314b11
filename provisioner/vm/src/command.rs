//! QEMU's command line, from typed settings. Pure: nothing is started or read.

use std::ffi::OsString;
use std::path::Path;

use onebox_model::ports;

use crate::accel::Accel;
use crate::credentials::Credential;
use crate::firmware::Ovmf;
use crate::{Settings, State, cpu};

/// Everything the command line depends on.
#[derive(Debug)]
pub struct Spec<'a> {
    /// Where the files are; its path must be absolute.
    pub state: &'a State,
    /// What was chosen.
    pub settings: &'a Settings,
    /// What runs the guest.
    pub accel: Accel,
    /// UEFI's files; BIOS when absent.
    pub ovmf: Option<&'a Ovmf>,
    /// What the box is given at start.
    pub credentials: &'a [Credential],
    /// What becomes of what the box writes.
    pub writes: Writes,
}

/// What becomes of what a guest writes to its disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It stays.
    Kept,
    /// It is gone with QEMU.
    Dropped,
}

/// QEMU's arguments. It must be started in the state directory: the sockets
/// have relative names because the kernel takes only short ones.
#[must_use]
pub fn arguments(spec: &Spec<'_>) -> Vec<OsString> {
    let (state, settings) = (spec.state, spec.settings);
    let mut args = Arguments::default();
    args.flag("-nodefaults")
        .flag("-no-user-config")
        .flag("-daemonize");
    args.pair(
        "-name",
        format!("onebox-{}", state.name().replace(',', "_")),
    );
    args.pair("-pidfile", state.pid_file());
    args.pair("-machine", "q35")
        .pair("-accel", spec.accel.argument());
    args.pair("-cpu", cpu::model(spec.accel, settings.cpu.as_deref()));
    args.pair("-m", settings.memory_mib.to_string())
        .pair("-smp", settings.cpus.to_string());
    args.pair("-rtc", "base=utc").pair("-display", "none");
    if let Some(ovmf) = spec.ovmf {
        let code = escape(&ovmf.code);
        args.pair(
            "-drive",
            format!("if=pflash,unit=0,format=raw,readonly=on,file={code}"),
        );
        let vars = escape(&ovmf.vars);
        args.pair("-drive", format!("if=pflash,unit=1,format=raw,file={vars}"));
    }
    let disk = escape(&state.disk());
    args.pair(
        "-drive",
        format!("if=none,id=disk,format=raw,cache=writeback,discard=unmap,file={disk}"),
    );
    args.pair("-device", "virtio-blk-pci,drive=disk,bootindex=0");
    args.pair("-netdev", network(settings));
    // Without a boot ROM: nobody boots a box from the network.
    args.pair("-device", "virtio-net-pci,netdev=net,romfile=");
    args.pair("-object", "rng-random,id=rng,filename=/dev/urandom");
    args.pair("-device", "virtio-rng-pci,rng=rng");
    let log = escape(&state.serial_log());
    args.pair(
        "-chardev",
        format!("socket,id=serial,path=console.sock,server=on,wait=off,logfile={log}"),
    );
    args.pair("-serial", "chardev:serial");
    args.pair("-chardev", "socket,id=qmp,path=qmp.sock,server=on,wait=off");
    args.pair("-mon", "chardev=qmp,mode=control");
    for credential in spec.credentials {
        args.pair("-smbios", credential.smbios());
    }
    if spec.writes == Writes::Dropped {
        args.flag("-snapshot");
    }
    args.0
}

/// A path as part of a QEMU option: commas are doubled.
#[must_use]
pub fn escape(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

/// User networking; only this machine reaches the box.
fn network(settings: &Settings) -> String {
    let forward = |host: u16, guest: u16| format!(",hostfwd=tcp:127.0.0.1:{host}-:{guest}");
    let here = settings.ports;
    format!(
        "user,id=net{}{}{}",
        forward(here.https, ports::HTTPS),
        forward(here.http, ports::HTTP),
        forward(here.ssh, ports::SSH),
    )
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn flag(&mut self, flag: &str) -> &mut Self {
        self.0.push(flag.into());
        self
    }

    fn pair(&mut self, flag: &str, value: impl Into<OsString>) -> &mut Self {
        self.0.extend([flag.into(), value.into()]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(settings: &Settings, ovmf: Option<&Ovmf>, credentials: &[Credential]) -> String {
        let state = State::new("/s,t/blue");
        let spec = Spec {
            state: &state,
            settings,
            accel: Accel::Tcg,
            ovmf,
            credentials,
            writes: Writes::Kept,
        };
        let args = arguments(&spec);
        args.iter()
            .map(|arg| arg.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_defaults_make_a_small_machine_reachable_from_here_only() {
        let line = line(&Settings::default(), None, &[]);
        for expected in [
            "-machine q35",
            "-accel tcg,thread=multi",
            "-m 1024",
            "-smp 2",
            "-rtc base=utc",
            "-display none",
            "cache=writeback,discard=unmap",
            "virtio-net-pci",
            "virtio-rng-pci",
            "hostfwd=tcp:127.0.0.1:8443-:443,hostfwd=tcp:127.0.0.1:8080-:80,\
             hostfwd=tcp:127.0.0.1:2222-:22",
            "path=console.sock",
            "path=qmp.sock",
            "-name onebox-blue",
            "-daemonize",
        ] {
            assert!(line.contains(expected), "{expected} is not in {line}");
        }
        assert!(
            ["pflash", "-no-reboot", "-snapshot"]
                .iter()
                .all(|word| !line.contains(word)),
            "{line}"
        );
    }

    #[test]
    fn commas_in_paths_do_not_end_an_option() {
        let line = line(&Settings::default(), None, &[]);
        assert!(line.contains("file=/s,,t/blue/disk.raw"), "{line}");
        assert!(line.contains("logfile=/s,,t/blue/serial.log"), "{line}");
    }

    #[test]
    fn uefi_has_read_only_code_and_its_own_variables() {
        let ovmf = Ovmf {
            code: "/c.fd".into(),
            vars: "/v.fd".into(),
        };
        let line = line(&Settings::default(), Some(&ovmf), &[]);
        assert!(
            line.contains("unit=0,format=raw,readonly=on,file=/c.fd"),
            "{line}"
        );
        assert!(line.contains("unit=1,format=raw,file=/v.fd"), "{line}");
    }

    #[test]
    fn credentials_travel_in_smbios() {
        let line = line(&Settings::default(), None, &[Credential::new("a", "b")]);
        assert!(line.contains("-smbios type=11,value=io.systemd.credential.binary:a=Yg=="));
    }
}
