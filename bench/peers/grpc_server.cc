// A peer: a ModelInfer of one row of 30 numbers on Debian's libgrpc++, as fast as it goes.
//
// One thread with one completion queue (the asynchronous interface), a logistic regression, no
// checks. Prints where it listens. bench/serve.py runs it; it is built where libgrpc++-dev and
// protobuf-compiler-grpc are installed.

#include <grpcpp/grpcpp.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "inference.grpc.pb.h"

namespace bascule::bench {
namespace {

constexpr std::size_t kColumns = 30;

using Service = inference::GRPCInferenceService::AsyncService;

double score_of(const inference::ModelInferRequest& request) {
  double sum = 0;
  if (request.raw_input_contents_size() > 0) {
    const std::string& raw = request.raw_input_contents(0);
    for (std::size_t i = 0; (i + 1) * sizeof(double) <= raw.size(); ++i) {
      double value = 0;
      std::memcpy(&value, raw.data() + i * sizeof value, sizeof value);
      sum += std::cos(static_cast<double>(i % kColumns)) * value;
    }
  }
  return 1 / (1 + std::exp(-sum));
}

// One call, from the wait for it until it has ended; then it waits for the next.
class Call {
 public:
  Call(Service& service, grpc::ServerCompletionQueue& queue) : service_(service), queue_(queue) {
    wait();
  }

  void proceed() {
    if (answered_) {
      wait();
      return;
    }
    answered_ = true;
    response_.set_model_name(request_.model_name());
    auto& output = *response_.add_outputs();
    output.set_name("predict_proba");
    output.set_datatype("FP64");
    output.add_shape(1);
    output.add_shape(1);
    const double score = score_of(request_);
    response_.add_raw_output_contents(&score, sizeof score);
    responder_->Finish(response_, grpc::Status::OK, this);
  }

 private:
  void wait() {
    answered_ = false;
    request_.Clear();
    response_.Clear();
    responder_.reset();
    context_ = std::make_unique<grpc::ServerContext>();
    responder_ = std::make_unique<grpc::ServerAsyncResponseWriter<inference::ModelInferResponse>>(
        context_.get());
    service_.RequestModelInfer(context_.get(), &request_, responder_.get(), &queue_, &queue_, this);
  }

  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  std::unique_ptr<grpc::ServerContext> context_;
  inference::ModelInferRequest request_;
  inference::ModelInferResponse response_;
  std::unique_ptr<grpc::ServerAsyncResponseWriter<inference::ModelInferResponse>> responder_;
  bool answered_ = false;
};

int run() {
  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (server == nullptr) {
    return 1;
  }
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 128; ++i) {
    calls.push_back(std::make_unique<Call>(service, *queue));
  }
  std::printf("127.0.0.1:%d\n", port);
  std::fflush(stdout);
  void* tag = nullptr;
  for (bool good = false; queue->Next(&tag, &good);) {
    if (good) {
      static_cast<Call*>(tag)->proceed();
    }
  }
  return 0;
}

}  // namespace
}  // namespace bascule::bench

int main() {
  return bascule::bench::run();
}
