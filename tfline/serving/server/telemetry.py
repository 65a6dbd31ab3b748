"""Traces and metrics by OpenTelemetry, whose packages are those of the extra ``opentelemetry``.

Where they go and what the service is called say OpenTelemetry's own variables:
``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME`` and so on.
"""

from __future__ import annotations

from typing import Any

import grpc

from tfline.serving.server.status import failed_precondition

_DEFAULT_NAME = "tfline-model-server"


class Telemetry:
    """What watches the calls of both APIs. A caller's trace goes on in the server.

    Raises:
        StatusError: FAILED_PRECONDITION if the packages are not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.grpc import metric_exporter, trace_exporter
            from opentelemetry.instrumentation import asgi
            from opentelemetry.instrumentation import grpc as instrumented
            from opentelemetry.sdk import metrics, resources, trace
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ModuleNotFoundError as error:
            raise failed_precondition(
                f"--enable_opentelemetry needs a package that is not installed ({error.name}): "
                "pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-grpc "
                "opentelemetry-instrumentation-asgi opentelemetry-instrumentation-grpc"
            ) from error
        # What OTEL_SERVICE_NAME says goes before the name here.
        named = resources.Resource({"service.name": _DEFAULT_NAME})
        resource = named.merge(resources.OTELResourceDetector().detect())
        self._tracers = trace.TracerProvider(resource=resource)
        self._tracers.add_span_processor(BatchSpanProcessor(trace_exporter.OTLPSpanExporter()))
        reader = PeriodicExportingMetricReader(metric_exporter.OTLPMetricExporter())
        self._meters = metrics.MeterProvider([reader], resource)
        self._asgi = asgi
        self._grpc = instrumented

    def interceptor(self) -> grpc.ServerInterceptor:
        """Returns what makes a span of each gRPC call."""
        made: grpc.ServerInterceptor = self._grpc.server_interceptor(self._tracers)
        return made

    def watched(self, application: Any) -> Any:
        """Returns an ASGI application that makes a span, and the metrics, of each request."""
        return self._asgi.OpenTelemetryMiddleware(
            application,
            tracer_provider=self._tracers,
            meter_provider=self._meters,
            exclude_spans=["receive", "send"],
        )

    def stop(self) -> None:
        """Sends what has not been sent yet."""
        self._tracers.shutdown()
        self._meters.shutdown()
