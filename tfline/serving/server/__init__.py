"""The model server: TensorFlow Serving's flags, gRPC and REST, on TensorFlow's own C++ loader.

The process does not import TensorFlow: it loads TensorFlow's shared library, and starts in well
under two seconds.

    python -m tfline.serving.server --port=8500 --model_name=taxi --model_base_path=/models/taxi
"""
