//! From the release that runs to the one that is told to be next: by a soft
//! reboot where both have one kernel, else by restarting the machine.
//!
//! A soft reboot ends every program and starts the other slot's systemd under the
//! kernel that runs (systemd-soft-reboot.service(8)). The site's sockets lie in
//! the descriptor store of its unit meanwhile, where connections queue.

use super::REBOOT;
use crate::disk::Disk;
use crate::systemd::{SystemdError, Units};
use onebox_api::units::Verb;
use onebox_model::units::{HTTP_SOCKET, HTTPS_SOCKET, NEXT_ROOT};

/// What ends all programs and goes to the next root (systemd.special(7)).
const SOFT_REBOOT: &str = "soft-reboot.target";

/// Has the descriptor store of the site's unit kept, once (`images/rootfs/usr/lib/
/// onebox/next-root`).
const KEEPS_SOCKETS: &str = "/run/systemd/system/wizamart-web.service.d/50-soft-reboot.conf";

/// How the box gets into the other slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The kernel goes on, and with it the site's sockets.
    Soft,
    /// The machine restarts.
    Restart,
}

impl Way {
    /// The gentlest that does: another kernel or initrd must be started to be
    /// tried.
    pub(super) fn to(kernel_changes: bool, restart_wished: bool) -> Self {
        if kernel_changes || restart_wished {
            Self::Restart
        } else {
            Self::Soft
        }
    }

    /// What happens, as a step of what is shown before.
    pub(super) fn told(self) -> String {
        match self {
            Self::Soft => {
                "go over to it under the kernel that runs (a soft reboot); from here on visitors wait, and none is refused"
            }
            Self::Restart => {
                "restart the machine into it; who comes meanwhile is refused, and from then on visitors wait"
            }
        }
        .to_owned()
    }
}

/// Goes. Where a soft reboot cannot be had the machine restarts; the boot loader
/// knows already what to start.
pub(super) async fn go(systemd: &dyn Units, way: Way) {
    if way == Way::Soft {
        match soft(systemd).await {
            Ok(()) => return,
            Err(error) => tracing::warn!("no soft reboot, so the machine restarts: {error}"),
        }
    }
    leave(systemd, REBOOT).await;
}

/// Mounts the other slot as the next root, and has the site's sockets kept from now on.
pub(super) async fn ready(systemd: &dyn Units) -> Result<(), SystemdError> {
    systemd.act(Verb::Start, NEXT_ROOT).await
}

/// After a soft reboot: a site that is stopped refuses again.
pub(super) async fn over(disk: &Disk, systemd: &dyn Units) {
    if !disk.path(KEEPS_SOCKETS).exists() {
        return;
    }
    if let Err(error) = disk.remove(KEEPS_SOCKETS) {
        eprintln!("boxd: {error}");
    }
    if let Err(error) = systemd.reload_manager().await {
        eprintln!("boxd: {error}");
    }
}

async fn soft(systemd: &dyn Units) -> Result<(), SystemdError> {
    ready(systemd).await?;
    // Before the site: systemd accepts and closes what waits on a socket whose unit
    // is to stop and whose service has stopped.
    systemd.act(Verb::Stop, HTTP_SOCKET).await?;
    systemd.act(Verb::Stop, HTTPS_SOCKET).await?;
    leave(systemd, SOFT_REBOOT).await;
    Ok(())
}

/// The bus goes down with the system: that the job was taken counts.
async fn leave(systemd: &dyn Units, target: &str) {
    if let Err(error) = systemd.act(Verb::Start, target).await {
        tracing::info!("{error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shares_kernel_and_initrd_goes_without_a_restart() {
        assert_eq!(Way::to(false, false), Way::Soft);
        assert_eq!(Way::to(true, false), Way::Restart);
        assert_eq!(Way::to(false, true), Way::Restart);
    }
}
