"""Where a compiled pipeline runs: its image, its root, and what of a spec holds there.

Whatever would only fail on the cluster, minutes later, is refused here.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import PurePosixPath

from tfline.pipelines.run.plan import UPSTREAM
from tfline.pipelines.spec import PipelineSpec
from tfline.pipelines.spec.kubernetes import KubernetesSpec
from tfline.transforms.dotted import NOTEBOOK_PACKAGE
from tfline.transforms.errors import SpecError, did_you_mean

PLAN = "Plan"
"""The step before all others: it looks at the data and the push folder as they are now."""

SCHEMES = ("gs://", "s3://", "minio://")
"""The object stores that the backend's launcher copies artifacts to and from."""

_TAG = re.compile(r"^[^\s@]+(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$")
_OWN_PACKAGE = "tfline"


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a pipeline runs.

    Attributes:
        image: The container image of every step, with its tag or digest.
        root: Where artifacts go: a URI of an object store, or a folder of a mounted volume.
        data_root: What relative patterns of the spec's data are below: a folder of a mounted
            volume, or a URI of an object store. It is the default of a runtime parameter.
    """

    image: str
    root: str
    data_root: str

    @property
    def on_volume(self) -> bool:
        """Whether artifacts go to a mounted volume."""
        return not self.root.startswith(SCHEMES)

    @property
    def data_on_volume(self) -> bool:
        """Whether the data is on a mounted volume; if not, an importer step brings it."""
        return not self.data_root.startswith(SCHEMES)


def check_target(spec: PipelineSpec, target: Target) -> None:
    """Refuses a spec and a target that cannot run on a cluster.

    Raises:
        SpecError: It names what is wrong, and what to do.
    """
    _check_image(target.image)
    _check_steps(spec.kubernetes)
    _check_folder(spec, target.root, "root", "--root", schemes=True)
    _check_folder(spec, target.data_root, "data root", "--data-root", schemes=True)
    if spec.push is not None:
        _check_folder(spec, spec.push.to, "push folder", "push", schemes=False)
    for pattern in (pattern for group in spec.data.patterns.values() for pattern in group):
        if PurePosixPath(pattern).is_absolute():
            if not target.data_on_volume:
                raise SpecError(
                    f"The data '{pattern}' is not below the data root",
                    "data",
                    f"Make the pattern relative to {target.data_root}.",
                )
            _check_folder(spec, pattern, "data", "data", schemes=False)
    _check_modules(spec)
    if spec.beam.runner != "DirectRunner" and not target.on_volume:
        raise SpecError(
            f"Workers of {spec.beam.runner} do not see what a step has in its own container",
            "beam.runner",
            "Take a root in a volume that the workers mount, too.",
        )


def _check_image(image: str) -> None:
    if not _TAG.match(image):
        raise SpecError(
            f"The image '{image}' has no tag",
            "--image",
            "Without one, each node may run another version, and the cache cannot tell. "
            "Name the tag or the digest: registry/tfline:0.1.0.",
        )


def _check_steps(settings: KubernetesSpec) -> None:
    for name in settings.steps:
        if name not in (PLAN, *UPSTREAM):
            raise SpecError(
                f"There is no step '{name}'",
                "kubernetes.steps",
                did_you_mean(name, (PLAN, *UPSTREAM)),
            )


def _check_folder(
    spec: PipelineSpec, folder: str, what: str, option: str, *, schemes: bool
) -> None:
    """Refuses a folder that no volume of every step holds."""
    if schemes and folder.startswith(SCHEMES):
        return
    mounts = [PurePosixPath(mount) for mount in spec.kubernetes.volumes.values()]
    path = PurePosixPath(folder)
    if any(mount in (path, *path.parents) for mount in mounts):
        return
    stores = f"a URI of an object store ({', '.join(SCHEMES)}) or " if schemes else ""
    there = f"Mounted are: {', '.join(map(str, mounts))}." if mounts else "Nothing is mounted."
    raise SpecError(
        f"The {what} '{folder}' is in no volume that every step mounts",
        option,
        f"Name {stores}a folder of a volume: `kubernetes: {{volumes: {{CLAIM: /mnt/pipeline}}}}`. "
        f"{there}",
    )


def _check_modules(spec: PipelineSpec) -> None:
    """Refuses the user's own code that nobody has said is in the image."""
    for name in spec.own_code:
        package = name.partition(".")[0]
        if package == NOTEBOOK_PACKAGE:
            raise SpecError(
                f"The function '{name.rpartition('.')[2]}' is of a notebook, and in no image",
                hint="Put it into a module, and the module into the image: kubeflow/README.md "
                "says how.",
            )
        if package == _OWN_PACKAGE or package in spec.kubernetes.modules:
            continue
        raise SpecError(
            f"The module of '{name}' is not in the image",
            "kubernetes.modules",
            f"Add the package '{package}' to the image (kubeflow/README.md says how), and say so: "
            f"`kubernetes: {{modules: [{package}]}}`.",
        )
