"""GetModelMetadata, GetModelStatus and HandleReloadConfigRequest."""

from __future__ import annotations

from tfline.serving.protos import get_model_metadata_pb2, get_model_status_pb2, model_management_pb2
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.core import ServerCore
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import invalid_argument, not_found

_SIGNATURE_DEF = "signature_def"


def model_metadata(servable: Servable) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """Returns the signatures of a model, that of its initialisation included."""
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=servable.signatures)
    response.metadata[_SIGNATURE_DEF].Pack(signatures)
    return response


def check_metadata_fields(request: get_model_metadata_pb2.GetModelMetadataRequest) -> None:
    """Raises if the request asks for nothing, or for something that is not there.

    Raises:
        StatusError: INVALID_ARGUMENT.
    """
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != _SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {field} is not supported")


def model_status(
    core: ServerCore, request: get_model_status_pb2.GetModelStatusRequest
) -> get_model_status_pb2.GetModelStatusResponse:
    """Returns the states of one version of a model, or of all that were ever seen.

    Raises:
        StatusError: NOT_FOUND if there is none; INVALID_ARGUMENT without a model.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    name = request.model_spec.name
    statuses = core.manager.statuses(name)
    if request.model_spec.HasField("version"):
        wanted = request.model_spec.version.value
        statuses = [status for status in statuses if status[0] == wanted]
        if not statuses:
            raise not_found(f"Could not find version {wanted} of model {name}")
    if not statuses:
        raise not_found(f"Could not find any versions of model {name}")
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, state, error in statuses:
        status = response.model_version_status.add(version=version, state=int(state))
        status.status.error_code = int(error.code) if error else 0
        status.status.error_message = error.message if error else ""
    return response


def reload_config(
    core: ServerCore, request: model_management_pb2.ReloadConfigRequest, call: Call = ENDLESS
) -> model_management_pb2.ReloadConfigResponse:
    """Replaces the models of the server.

    Raises:
        StatusError: If the configuration cannot be applied.
    """
    if request.config.WhichOneof("config") != "model_config_list":
        raise invalid_argument(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported"
        )
    core.reload(request.config, call)
    response = model_management_pb2.ReloadConfigResponse()
    response.status.SetInParent()
    return response
